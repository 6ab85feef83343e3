// The fence around libev: what its macros hide from Swift, and what Glibc's Swift module lacks.
#pragma once
#define EV_COMPAT3 0
#include <ev.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/socket.h>

#if !EV_MULTIPLICITY || EV_MINPRI != -2 || EV_MAXPRI != 2
#error "ev.h is configured differently from Debian's libev4: the watcher layout below would be wrong"
#endif
_Static_assert(sizeof(ev_io) == 48 && sizeof(ev_timer) == 48, "libev watcher layout");

// Glibc's Swift module is built without _GNU_SOURCE.
extern int accept4(int, struct sockaddr *, socklen_t *, int);
extern int pthread_setname_np(pthread_t, const char *);

#pragma clang assume_nonnull begin
#define AMB_EV static inline __attribute__((always_inline))
typedef void (*amb_io_callback)(struct ev_loop *, ev_io *, int);
typedef void (*amb_timer_callback)(struct ev_loop *, ev_timer *, int);
typedef void (*amb_check_callback)(struct ev_loop *, ev_check *, int);
typedef void (*amb_prepare_callback)(struct ev_loop *, ev_prepare *, int);
typedef void (*amb_async_callback)(struct ev_loop *, ev_async *, int);
typedef void (*amb_signal_callback)(struct ev_loop *, ev_signal *, int);

AMB_EV void amb_io_init(ev_io *w, amb_io_callback cb, int fd, int events) { ev_io_init(w, cb, fd, events); }
/* The watcher is stopped. */
AMB_EV void amb_io_urgent(ev_io *w, int urgent) { ev_set_priority(w, urgent ? 1 : 0); }
AMB_EV void amb_timer_init(ev_timer *w, amb_timer_callback cb, double after, double repeat) {
  ev_timer_init(w, cb, after, repeat);
}
AMB_EV void amb_timer_set(ev_timer *w, double after, double repeat) { ev_timer_set(w, after, repeat); }
AMB_EV void amb_prepare_init(ev_prepare *w, amb_prepare_callback cb) { ev_prepare_init(w, cb); }
/* Before all other events of its turn. */
AMB_EV void amb_check_init(ev_check *w, amb_check_callback cb) {
  ev_check_init(w, cb);
  ev_set_priority(w, EV_MAXPRI);
}
AMB_EV void amb_async_init(ev_async *w, amb_async_callback cb) { ev_async_init(w, cb); }
AMB_EV void amb_signal_init(ev_signal *w, amb_signal_callback cb, int number) { ev_signal_init(w, cb, number); }
AMB_EV void amb_name_thread(pthread_t thread, const char *name) { pthread_setname_np(thread, name); }
AMB_EV void amb_allocator_limits(int mmap_threshold, int trim_threshold, int arenas) {
  mallopt(M_MMAP_THRESHOLD, mmap_threshold);
  mallopt(M_TRIM_THRESHOLD, trim_threshold);
  mallopt(M_ARENA_MAX, arenas);
}
AMB_EV int amb_accept4(int fd, int flags) { return accept4(fd, (void *)0, (void *)0, flags); }
#pragma clang assume_nonnull end
