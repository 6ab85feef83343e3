/* A module for the tests: redis-server's module API without its header, which is not packaged. */
typedef struct Context Context;
typedef struct String String;
typedef struct Reply Reply;
typedef int (*Command)(Context *, String **, int);

static int (*getAPI)(const char *, void *);
static int (*setModuleAttribs)(Context *, const char *, int, int);
static int (*createCommand)(Context *, const char *, Command, const char *, int, int, int);
static Reply *(*call)(Context *, const char *, const char *, ...);
static int (*replyWithCallReply)(Context *, Reply *);
static int (*wrongArity)(Context *);

/* AMB.PUT key value: writes the key, and one that it does not name. */
static int put(Context *context, String **arguments, int count) {
  if (count != 3) return wrongArity(context);
  call(context, "SET", "!cs", "amb:index", arguments[2]);
  return replyWithCallReply(context, call(context, "SET", "!ss", arguments[1], arguments[2]));
}

/* AMB.INDEX name: reads a key that it does not name. */
static int find(Context *context, String **arguments, int count) {
  (void)arguments;
  if (count != 2) return wrongArity(context);
  return replyWithCallReply(context, call(context, "GET", "c", "amb:index"));
}

int RedisModule_OnLoad(Context *context, String **arguments, int count) {
  (void)arguments, (void)count;
  getAPI = ((void **)context)[0];
  if (getAPI("RedisModule_SetModuleAttribs", &setModuleAttribs) || getAPI("RedisModule_CreateCommand", &createCommand) ||
      getAPI("RedisModule_Call", &call) || getAPI("RedisModule_ReplyWithCallReply", &replyWithCallReply) ||
      getAPI("RedisModule_WrongArity", &wrongArity))
    return 1;
  setModuleAttribs(context, "ambtest", 7, 1);
  return createCommand(context, "amb.put", put, "write", 1, 1, 1) ||
         createCommand(context, "amb.index", find, "readonly", 1, 1, 1);
}
