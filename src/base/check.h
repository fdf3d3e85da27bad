/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assertions on our own data.  They stay on in release builds: a broken invariant ends the process
 * and is named, rather than corrupting a file.  Bytes from the network, the command line or a disk
 * are never subject to a CHECK; they result in a status.
 */
#pragma once

#include <stddef.h>

/* Print the condition and its location, then abort.  Async-signal-safe. */
_Noreturn void check_failed(const char *condition, const char *file, int line,
                            const char *function);

#define CHECK(cond)                                                                                \
    (__builtin_expect(!!(cond), 1) ? (void)0 : check_failed(#cond, __FILE__, __LINE__, __func__))

/* For checks too expensive for the hot path: only in debug builds. */
#ifdef NDEBUG
#define DCHECK(cond) ((void)sizeof(!!(cond)))
#else
#define DCHECK(cond) CHECK(cond)
#endif

#define MUST_USE __attribute__((warn_unused_result))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The struct that embeds `member` at `ptr`. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* malloc family for memory that must be available: the amount is bounded by the named limits, so
 * failure means that the machine is out of memory, and a CHECK ends the process.  Free with
 * free(). */
void *must_malloc(size_t size) __attribute__((malloc, returns_nonnull));
void *must_calloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *must_realloc(void *old, size_t size) __attribute__((returns_nonnull));
char *must_strdup(const char *text) __attribute__((malloc, returns_nonnull));
