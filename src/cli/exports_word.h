/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of a file in the format of exports(5): lines joined by a backslash, comments, quotes,
 * octal escapes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EXPORTS_WORD_BYTES = 8192
};

struct exports_words {
    const char *data;
    size_t len, at;
    uint32_t line; /* of what comes next, from 1 */
};

struct exports_word {
    uint32_t line;
    char text[EXPORTS_WORD_BYTES]; /* without quotes and escapes */
};

void exports_words_init(struct exports_words *words, const char *data, size_t len);

/* Move to the next word of the line, or of the file if `over_lines`.  False: there is none. */
bool exports_words_next(struct exports_words *words, bool over_lines);

/* Read the word that begins here, up to white space or to a character of `ends` that is neither
 * quoted nor escaped.  NULL, or what is wrong with it. */
const char *exports_word_read(struct exports_words *words, const char *ends,
                              struct exports_word *word);

/* Does this character come next?  Then it is taken. */
bool exports_words_take(struct exports_words *words, char c);

/* Leave out the rest of the line. */
void exports_words_skip(struct exports_words *words);
