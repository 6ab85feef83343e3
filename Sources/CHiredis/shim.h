// The fence around hiredis: its formatter and its reply reader. Sockets, deadlines and name resolution are ours
// (hiredis 0.14's own block in getaddrinfo and have no deadlines).
#pragma once
#include <hiredis/hiredis.h>
#include <hiredis/read.h>
