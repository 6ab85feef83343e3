# Sidekiq: jobs, one that is retried, one for later, with a real Sidekiq process. Its client and its server load this file.
require 'sidekiq'

URL = "redis://127.0.0.1:#{ENV['REDIS_PORT'] || ARGV[0]}/0".freeze
Redis.silence_deprecations = true
Sidekiq.configure_server do |config|
  config.redis = { url: URL }
  config.options[:poll_interval_average] = 0.2
end
Sidekiq.configure_client { |config| config.redis = { url: URL } }

class Adding
  include Sidekiq::Worker

  def perform(number)
    Sidekiq.redis { |redis| redis.incrby('total', number) }
  end
end

class Failing
  include Sidekiq::Worker
  sidekiq_options retry: 3

  def perform
    raise 'as it should'
  end
end

if $PROGRAM_NAME == __FILE__
  10.times { |n| Adding.perform_async(n) }
  Sidekiq::Client.push_bulk('class' => Adding, 'args' => (1..10).map { |n| [n] })
  Adding.perform_in(0.1, 1000)
  Failing.perform_async
  server = spawn({ 'REDIS_PORT' => ARGV[0] }, 'sidekiq', '-r', File.expand_path(__FILE__), '-c', '2', '-t', '5',
                 out: File::NULL, err: File::NULL)
  deadline = Time.now + 40
  require 'sidekiq/api'
  done = lambda do
    Sidekiq.redis { |redis| redis.get('total') } == '1100' && Sidekiq::RetrySet.new.size == 1 &&
      Sidekiq::ProcessSet.new.size == 1
  end
  sleep 0.02 until done.call || Time.now > deadline
  total = Sidekiq.redis { |redis| redis.get('total') }
  Process.kill('TERM', server)
  Process.wait(server)
  raise "total #{total}, retries #{Sidekiq::RetrySet.new.size}" unless total == '1100'
  raise 'no retry' unless Sidekiq::RetrySet.new.first.item['error_message'] == 'as it should'
  puts 'fine'
end
