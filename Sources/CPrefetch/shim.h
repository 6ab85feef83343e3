// What Swift has no word for.
#pragma once

/* Has the processor fetch what will soon be read and written. No address is too wrong for it. */
static inline __attribute__((always_inline)) void amb_prefetch(const void *_Nonnull address) {
  __builtin_prefetch(address, 1);
}
