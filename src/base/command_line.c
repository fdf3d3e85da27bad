/* SPDX-License-Identifier: Apache-2.0 */
#include "base/command_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/guess.h"

static bool begins_with(const char *name, const char *word, size_t len)
{
    return strncmp(name, word, len) == 0;
}

/* getopt_long() takes the beginning of a name for the name, if only one begins like that. */
static size_t names_with(const struct option *options, const char *word, size_t len)
{
    size_t count = 0;

    for (; options->name; options++)
        count += begins_with(options->name, word, len);
    return count;
}

/* `word` is what followed "--". */
static void explain_long(const char *word, const struct option *options, char *text, size_t size)
{
    size_t len = strcspn(word, "="), same = names_with(options, word, len);
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    if (same == 1) {
        (void)snprintf(text, size, "option '--%.*s' takes no value", (int)len, word);
        return;
    }
    if (same > 1) {
        (void)snprintf(text, size, "option '--%.*s' is ambiguous: more than one begins like that",
                       (int)len, word);
        return;
    }
    guess_init(&guess, word, len);
    for (; options->name; options++)
        guess_offer(&guess, options->name);
    (void)snprintf(text, size, "unknown option '--%.*s'%s", (int)len, word,
                   guess_hint(&guess, "--", hint, sizeof(hint)));
}

/* The option that optopt names, if it takes a value (`has_arg`) or takes none; else NULL. */
static const char *name_of(const struct option *options, int has_arg)
{
    for (; options->name; options++) {
        if (options->val == optopt && options->has_arg == has_arg)
            return options->name;
    }
    return NULL;
}

/* getopt_long() has always moved past a long option; past a word of short ones only at its end. */
const char *command_line_mistake(int result, char *const *argv, const struct option *options,
                                 char *text, size_t size)
{
    const char *last = argv[optind - 1], *name;
    bool is_long = strncmp(last, "--", 2) == 0;

    if (result == ':') {
        name = name_of(options, required_argument);
        (void)snprintf(text, size, "option '--%s' needs a value", name ? name : "?");
    } else if (is_long && (optopt == 0 || (strchr(last, '=') && name_of(options, no_argument)))) {
        explain_long(last + 2, options, text, size);
    } else {
        (void)snprintf(text, size, "unknown option '-%c'", optopt);
    }
    return text;
}
