/* hiredis: requests one by one and as a pipeline, binary values, transactions, errors, subscriptions. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
  do { if (!(condition)) { fprintf(stderr, "line %d: %s\n", __LINE__, #condition); exit(1); } } while (0)

static redisContext *open_connection(int port) {
  struct timeval patience = {20, 0};
  redisContext *context = redisConnectWithTimeout("127.0.0.1", port, patience);
  CHECK(context && !context->err);
  CHECK(redisSetTimeout(context, patience) == REDIS_OK);
  return context;
}

static redisReply *next_reply(redisContext *context) {
  redisReply *reply = NULL;
  CHECK(redisGetReply(context, (void **)&reply) == REDIS_OK && reply);
  return reply;
}

int main(int count, char **arguments) {
  CHECK(count == 2);
  int port = atoi(arguments[1]);
  redisContext *context = open_connection(port);

  redisReply *reply = redisCommand(context, "SET %s %b", "key", "a\0b\r\n", (size_t)5);
  CHECK(reply && reply->type == REDIS_REPLY_STATUS && !strcmp(reply->str, "OK"));
  freeReplyObject(reply);
  reply = redisCommand(context, "GET key");
  CHECK(reply && reply->type == REDIS_REPLY_STRING && reply->len == 5 && !memcmp(reply->str, "a\0b\r\n", 5));
  freeReplyObject(reply);
  reply = redisCommand(context, "GET none");
  CHECK(reply && reply->type == REDIS_REPLY_NIL);
  freeReplyObject(reply);
  reply = redisCommand(context, "INCR key");
  CHECK(reply && reply->type == REDIS_REPLY_ERROR && strstr(reply->str, "not an integer"));
  freeReplyObject(reply);

  for (int n = 0; n < 10000; n++) {
    redisAppendCommand(context, "INCR counter");
    redisAppendCommand(context, "GET counter");
  }
  for (int n = 1; n <= 10000; n++) {
    reply = next_reply(context);
    CHECK(reply->type == REDIS_REPLY_INTEGER && reply->integer == n);
    freeReplyObject(reply);
    reply = next_reply(context);
    CHECK(reply->type == REDIS_REPLY_STRING && atoi(reply->str) == n);
    freeReplyObject(reply);
  }

  redisAppendCommand(context, "WATCH counter");
  redisAppendCommand(context, "MULTI");
  redisAppendCommand(context, "INCR counter");
  redisAppendCommand(context, "EXEC");
  for (int n = 0; n < 3; n++) freeReplyObject(next_reply(context));
  reply = next_reply(context);
  CHECK(reply->type == REDIS_REPLY_ARRAY && reply->elements == 1 && reply->element[0]->integer == 10001);
  freeReplyObject(reply);

  redisContext *listener = open_connection(port);
  reply = redisCommand(listener, "SUBSCRIBE news");
  CHECK(reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 3);
  freeReplyObject(reply);
  reply = redisCommand(context, "PUBLISH news flash");
  CHECK(reply && reply->integer == 1);
  freeReplyObject(reply);
  reply = next_reply(listener);
  CHECK(reply->elements == 3 && !strcmp(reply->element[2]->str, "flash"));
  freeReplyObject(reply);

  reply = redisCommand(context, "RPUSH queue job");
  freeReplyObject(reply);
  reply = redisCommand(context, "BLPOP queue 10");
  CHECK(reply && reply->elements == 2 && !strcmp(reply->element[1]->str, "job"));
  freeReplyObject(reply);
  redisFree(listener);
  redisFree(context);
  puts("fine");
  return 0;
}
