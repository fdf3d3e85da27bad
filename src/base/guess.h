/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the known words a mistyped one was probably meant to be: for messages.
 *
 *     guess_init(&guess, word, strlen(word));
 *     for (...)
 *         guess_offer(&guess, known[i]);
 *     guess_hint(&guess, text, sizeof(text));
 */
#pragma once

#include <stddef.h>

enum {
    GUESS_HINT_BYTES = 96
};

struct guess {
    const char *word; /* not terminated */
    size_t len;
    const char *nearest; /* NULL: none is near */
    size_t distance;     /* letters that have to be inserted, removed or replaced to get there */
};

void guess_init(struct guess *guess, const char *word, size_t len);

/* One of the known words; it must outlive the guess.  Of several that are equally near, the first
 * counts. */
void guess_offer(struct guess *guess, const char *known);

/* "; did you mean '--export'?", with `prefix` before the word, or "".  Returns `text`. */
const char *guess_hint(const struct guess *guess, const char *prefix, char *text, size_t size);
