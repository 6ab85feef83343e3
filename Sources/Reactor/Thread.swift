import CLibev
import Glibc

/// A thread that was started with ``spawnThread(named:_:)``.
public struct Thread: Sendable {
  let id: pthread_t

  /// Waits for the thread's end.
  public func join() { pthread_join(id, nil) }
}

private final class ThreadBody {
  let run: () -> Void
  init(_ run: @escaping () -> Void) { self.run = run }
}

/// Starts a thread with every signal blocked, so that signals reach the control loop alone.
/// Fails only when the system has no room for another thread.
public func spawnThread(named name: String, stackSize: Int = 512 * 1024, _ body: sending @escaping () -> Void)
  -> Thread?
{
  var all = sigset_t()
  var previous = sigset_t()
  sigfillset(&all)
  pthread_sigmask(SIG_SETMASK, &all, &previous)
  defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }

  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setstacksize(&attributes, stackSize)

  let box = Unmanaged.passRetained(ThreadBody(body))
  var id = pthread_t()
  let status = pthread_create(
    &id, &attributes,
    { raw in
      if let raw { Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().run() }
      return nil
    }, box.toOpaque())
  guard status == 0 else {
    box.release()
    return nil
  }
  amb_name_thread(id, name)
  return Thread(id: id)
}

extension Thread {
  /// Lets the thread free itself when it ends; it can no longer be joined.
  public func detach() { pthread_detach(id) }
}
