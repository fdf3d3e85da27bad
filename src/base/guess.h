/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the known word that a mistyped word most resembles; for error messages.
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
    const char *nearest; /* NULL: none is similar */
    size_t distance;     /* number of letters to insert, remove or replace */
};

void guess_init(struct guess *guess, const char *word, size_t len);

/* Offer a known word, which must outlive the guess.  Among equally similar words the first one
 * wins. */
void guess_offer(struct guess *guess, const char *known);

/* "; did you mean '--export'?", with `prefix` before the word, or "".  Returns `text`. */
const char *guess_hint(const struct guess *guess, const char *prefix, char *text, size_t size);
