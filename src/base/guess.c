/* SPDX-License-Identifier: Apache-2.0 */
#include "base/guess.h"

#include <stdio.h>
#include <string.h>

enum {
    WORD_BYTES_MAX = 48,
    LETTERS_PER_MISTAKE = 3, /* with more of them wrong it is another word */
};

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance, row by row; the words are not too long. */
static size_t distance(const char *word, size_t len, const char *known, size_t known_len)
{
    size_t row[WORD_BYTES_MAX + 1];

    for (size_t j = 0; j <= known_len; j++)
        row[j] = j;
    for (size_t i = 1; i <= len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= known_len; j++) {
            size_t replaced = diagonal + (word[i - 1] != known[j - 1]);

            diagonal = row[j];
            row[j] = min_size(replaced, 1 + min_size(row[j], row[j - 1]));
        }
    }
    return row[known_len];
}

void guess_init(struct guess *guess, const char *word, size_t len)
{
    size_t most = len / LETTERS_PER_MISTAKE;

    *guess = (struct guess){.word = word, .len = len, .distance = most > 0 ? most + 1 : 2};
}

void guess_offer(struct guess *guess, const char *known)
{
    size_t known_len = strlen(known), apart;

    if (guess->len == 0 || guess->len > WORD_BYTES_MAX || known_len > WORD_BYTES_MAX)
        return;
    apart = distance(guess->word, guess->len, known, known_len);
    if (apart >= guess->distance)
        return;
    guess->nearest = known;
    guess->distance = apart;
}

const char *guess_hint(const struct guess *guess, const char *prefix, char *text, size_t size)
{
    *text = '\0';
    if (guess->nearest)
        (void)snprintf(text, size, "; did you mean '%s%s'?", prefix, guess->nearest);
    return text;
}
