/* SPDX-License-Identifier: Apache-2.0 */
/* Which word is suggested for a mistyped one, and what is too different for a suggestion. */
#include "base/guess.h"

#include <string.h>

#include "base/check.h"
#include "lib/test.h"

static const char *const known[] = {"export", "listen", "log-level", "log-format", "ro"};

static const char *guessed(const char *word)
{
    struct guess guess;

    guess_init(&guess, word, strlen(word));
    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        guess_offer(&guess, known[i]);
    return guess.nearest ? guess.nearest : "";
}

static void words(void **state)
{
    static const struct {
        const char *word, *nearest;
    } rows[] = {
        {"export", "export"},
        {"exports", "export"},
        {"exprot", "export"},
        {"xport", "export"},
        {"lsten", "listen"},
        {"log_level", "log-level"},
        {"logformat", "log-format"},
        {"rw", "ro"},
        {"port", ""},
        {"state", ""},
        {"", ""},
        {"x", ""},
        {"listening-address", ""},
    };
    char endless[200];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_string_equal(guessed(rows[i].word), rows[i].nearest);
    memset(endless, 'e', sizeof(endless) - 1);
    endless[sizeof(endless) - 1] = '\0';
    assert_string_equal(guessed(endless), "");
}

static void hint(void **state)
{
    char text[GUESS_HINT_BYTES];
    struct guess guess;

    (void)state;
    guess_init(&guess, "lisen=1", 5); /* the word is only a part of the text */
    assert_string_equal(guess_hint(&guess, "--", text, sizeof(text)), "");
    guess_offer(&guess, "listen");
    assert_string_equal(guess_hint(&guess, "--", text, sizeof(text)), "; did you mean '--listen'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(hint)};

    return test_group_run(tests);
}
