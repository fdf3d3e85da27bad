/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/invocation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/guess.h"
#include "cli/admin_endpoint.h"
#include "cli/complaint.h"

const struct command_option command_globals[GLOBAL_COUNT + 1] = {
    [GLOBAL_ADMIN] = {.name = "admin",
                      .value = "unix:PATH|[https://]HOST:PORT",
                      .help = "the admin endpoint of the server (default: the socket admin.sock in "
                              "the usual state directory)"},
    [GLOBAL_ADMIN_TOKEN] = {.name = "admin-token",
                            .value = "FILE",
                            .kind = COMMAND_FILE,
                            .help = "a file with a token, for HOST:PORT"},
    [GLOBAL_ADMIN_CA] = {.name = "admin-ca",
                         .value = "FILE",
                         .kind = COMMAND_FILE,
                         .help = "certificates to trust for https://, PEM (those of the system)"},
    [GLOBAL_ADMIN_CERT] = {.name = "admin-cert",
                           .value = "FILE",
                           .kind = COMMAND_FILE,
                           .help = "own certificate for https://, with its chain"},
    [GLOBAL_ADMIN_KEY] = {.name = "admin-key",
                          .value = "FILE",
                          .kind = COMMAND_FILE,
                          .help = "its key, unless it is in that file"},
    [GLOBAL_JSON] = {.name = "json", .help = "print the server's JSON, as one value"},
    [GLOBAL_HELP] = {.name = "help", .help = "describe mainstay, a noun or a command"},
    [GLOBAL_VERSION] = {.name = "version", .help = "print the version"},
    [GLOBAL_MAN] = {.name = "man", .help = "print the manual page, mainstay(1)"},
};

enum {
    SECONDS_MAX = 86400,
    SECONDS_DIGITS = 5,
};

struct parser {
    struct invocation *call;
    int argc, at;
    char **argv;
    const char *noun; /* with verbs; its verb has not been seen yet */
    bool options_end;
};

/* ---- words ---- */

static const struct command *lookup(const struct command_table *table, const char *noun,
                                    const char *verb)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const struct command *row = &table->of[i];

        if (strcmp(row->noun, noun) == 0 && (!verb || (row->verb && strcmp(row->verb, verb) == 0)))
            return row;
    }
    return NULL;
}

static bool refuse_noun(const struct command_table *table, const char *word)
{
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    guess_init(&guess, word, strlen(word));
    for (uint32_t i = 0; i < table->count; i++)
        guess_offer(&guess, table->of[i].noun);
    complaint_print("unknown command '%s'%s (--help lists them)", word,
                    guess_hint(&guess, "", hint, sizeof(hint)));
    return false;
}

static bool refuse_verb(const struct command_table *table, const char *noun, const char *word)
{
    char hint[GUESS_HINT_BYTES];
    struct guess guess;

    guess_init(&guess, word, strlen(word));
    for (uint32_t i = 0; i < table->count; i++) {
        if (strcmp(table->of[i].noun, noun) == 0)
            guess_offer(&guess, table->of[i].verb);
    }
    complaint_print("%s: unknown command '%s'%s (`mainstay %s --help` lists them)", noun, word,
                    guess_hint(&guess, "", hint, sizeof(hint)), noun);
    return false;
}

static bool take_word(struct parser *parser, const char *word)
{
    struct invocation *call = parser->call;

    if (parser->noun) {
        call->command = lookup(call->table, parser->noun, word);
        if (!call->command)
            return refuse_verb(call->table, parser->noun, word);
        parser->noun = NULL;
    } else if (!call->command) {
        call->command = lookup(call->table, word, NULL);
        if (!call->command)
            return refuse_noun(call->table, word);
        parser->noun = call->command->verb ? call->command->noun : NULL;
    } else {
        call->arguments[call->count++] = word;
    }
    return true;
}

/* ---- options ---- */

/* "mainstay: client list: ", as far as it is known. */
static const char *where(const struct parser *parser, char text[64])
{
    const struct command *command = parser->call->command;

    if (!command)
        return "";
    (void)snprintf(text, 64, "%s%s%s: ", command->noun, command->verb && !parser->noun ? " " : "",
                   command->verb && !parser->noun ? command->verb : "");
    return text;
}

static uint32_t option_index(const struct command_option *options, const char *word, size_t len)
{
    uint32_t i = 0;

    while (options[i].name &&
           (strlen(options[i].name) != len || strncmp(options[i].name, word, len) != 0))
        i++;
    return i;
}

static bool refuse_option(const struct parser *parser, const char *word, size_t len)
{
    const struct command *command = parser->noun ? NULL : parser->call->command;
    char hint[GUESS_HINT_BYTES], text[64];
    struct guess guess;

    guess_init(&guess, word, len);
    for (const struct command_option *o = command_globals; o->name; o++)
        guess_offer(&guess, o->name);
    for (const struct command_option *o = command ? command->options : NULL; o && o->name; o++)
        guess_offer(&guess, o->name);
    complaint_print("%sunknown option '--%.*s'%s (--help lists them)", where(parser, text),
                    (int)len, word, guess_hint(&guess, "--", hint, sizeof(hint)));
    return false;
}

static bool check_seconds(const struct parser *parser, const struct command_option *option,
                          const char *value)
{
    size_t digits = strspn(value, "0123456789");
    char text[64];

    if (digits > 0 && digits <= SECONDS_DIGITS && !value[digits] && atoi(value) <= SECONDS_MAX)
        return true;
    complaint_print("%soption '--%s' wants 0 to %d seconds, not '%s'", where(parser, text),
                    option->name, SECONDS_MAX, value);
    return false;
}

/* `given` is what stands behind '=', or NULL. */
static bool take_value(struct parser *parser, const struct command_option *option,
                       const char *given, const char **out)
{
    char text[64];

    if (!option->value && given) {
        complaint_print("%soption '--%s' takes no value", where(parser, text), option->name);
        return false;
    }
    if (option->value && !given && parser->at == parser->argc) {
        complaint_print("%soption '--%s' needs a value: %s", where(parser, text), option->name,
                        option->value);
        return false;
    }
    if (*out && option->value) {
        complaint_print("%soption '--%s' is given twice", where(parser, text), option->name);
        return false;
    }
    *out = !option->value ? "" : given ? given : parser->argv[parser->at++];
    return option->kind != COMMAND_SECONDS || check_seconds(parser, option, *out);
}

static bool take_long(struct parser *parser, const char *word)
{
    struct invocation *call = parser->call;
    const struct command *command = parser->noun ? NULL : call->command;
    size_t len = strcspn(word, "=");
    const char *given = word[len] == '=' ? word + len + 1 : NULL;
    uint32_t i = option_index(command_globals, word, len);

    if (command_globals[i].name)
        return take_value(parser, &command_globals[i], given, &call->globals[i]);
    i = command ? option_index(command->options, word, len) : 0;
    if (command && command->options[i].name)
        return take_value(parser, &command->options[i], given, &call->options[i]);
    return refuse_option(parser, word, len);
}

static bool take_short(struct parser *parser, const char *word)
{
    char text[64];

    if (strcmp(word, "-h") == 0) {
        parser->call->globals[GLOBAL_HELP] = "";
        return true;
    }
    complaint_print("%sunknown option '%s' (--help lists them; -- stands before a word that begins "
                    "with a hyphen)",
                    where(parser, text), word);
    return false;
}

static bool take(struct parser *parser)
{
    const char *word = parser->argv[parser->at++];

    if (parser->options_end || word[0] != '-' || word[1] == '\0')
        return take_word(parser, word);
    if (word[1] != '-')
        return take_short(parser, word);
    if (word[2] != '\0')
        return take_long(parser, word + 2);
    parser->options_end = true;
    return true;
}

/* ---- all of it ---- */

static bool refuse_count(const struct invocation *call)
{
    const struct command *command = call->command;
    const char *space = command->verb ? " " : "", *verb = command->verb ? command->verb : "";

    complaint_print("%s%s%s: expected %s%s, got %u; for example %s", command->noun, space, verb,
                    command->arguments_max == 1 ? "one " : "",
                    *command->arguments ? command->arguments : "no arguments", call->count,
                    command->example);
    return false;
}

/* *secure: by HTTPS.  What is usual matters only to commands that ask the server. */
static bool check_address(const char *text, bool *secure)
{
    struct admin_endpoint endpoint;

    *secure = false;
    if (!text)
        return true;
    if (!admin_endpoint_parse(&endpoint, text))
        return false;
    *secure = endpoint.secure;
    admin_endpoint_fini(&endpoint);
    return true;
}

/* The options of HTTPS say what it is made with, not that it is used. */
static bool check_endpoint(const struct invocation *call)
{
    bool tls = call->globals[GLOBAL_ADMIN_CA] || call->globals[GLOBAL_ADMIN_CERT] ||
               call->globals[GLOBAL_ADMIN_KEY];
    bool secure;

    if (!check_address(call->globals[GLOBAL_ADMIN], &secure))
        return false;
    if (tls && !secure)
        complaint_print("--admin-ca, --admin-cert and --admin-key go with --admin "
                        "https://HOST:PORT only");
    else if (call->globals[GLOBAL_ADMIN_KEY] && !call->globals[GLOBAL_ADMIN_CERT])
        complaint_print("--admin-key goes with --admin-cert only");
    else
        return true;
    return false;
}

static bool check(const struct parser *parser)
{
    const struct invocation *call = parser->call;
    const struct command *command = call->command;

    if (parser->noun) {
        complaint_print("%s: which command? `mainstay %s --help` lists them; for example %s",
                        parser->noun, parser->noun, command->example);
        return false;
    }
    if (call->count < command->arguments_min || call->count > command->arguments_max)
        return refuse_count(call);
    return check_endpoint(call);
}

enum invocation_result invocation_parse(struct invocation *call, const struct command_table *table,
                                        int argc, char **argv, bool *whole_noun)
{
    struct parser parser = {.call = call, .argc = argc, .at = 1, .argv = argv};

    *call = (struct invocation){.table = table};
    call->arguments = must_calloc((size_t)argc + 1, sizeof(*call->arguments));
    while (parser.at < argc) {
        if (!take(&parser))
            return INVOCATION_WRONG;
    }
    *whole_noun = parser.noun != NULL;
    if (call->globals[GLOBAL_HELP])
        return INVOCATION_HELP;
    if (call->globals[GLOBAL_VERSION])
        return INVOCATION_VERSION;
    if (call->globals[GLOBAL_MAN])
        return INVOCATION_MAN;
    if (!call->command)
        return INVOCATION_NOTHING;
    return check(&parser) ? INVOCATION_RUN : INVOCATION_WRONG;
}

void invocation_fini(struct invocation *call)
{
    free((void *)call->arguments);
}
