/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings of a start, or about a new export: what a newcomer easily gets wrong and the server can
 * do nothing about.  They are events of the log, each with a name of its own.
 */
#pragma once

/* Whoever gets warnings instead of the log. */
struct warning_taker {
    void (*take)(void *context, const char *event, const char *about, const char *note,
                 const char *remedy);
    void *context;
};

/* What the warning is about (a path, a setting), what is wrong, and what to do.  `to` NULL: log
 * it. */
void warning_tell(const struct warning_taker *to, const char *event, const char *about,
                  const char *note, const char *remedy);
