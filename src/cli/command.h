/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command of `mainstay` is: a row of the table from which arguments are parsed, and help,
 * completion, the manual page and most requests are made.  A command prints its result on stdout
 * or an error on stderr, and returns the exit status.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cli/value_text.h"

enum {
    COMMAND_OK = 0,
    COMMAND_FAILED = 1,
    COMMAND_USAGE = 2,
};

enum {
    COMMAND_OPTIONS_MAX = 6,
    COMMAND_COLUMNS_MAX = 13,
    COMMAND_ARGUMENTS_ANY = UINT32_MAX,
};

/* What an argument or an option's value is; how a shell completes it. */
enum command_value {
    COMMAND_ANY,
    COMMAND_FILE,
    COMMAND_CLIENT,         /* an id, or a name that leads to one */
    COMMAND_SECONDS,        /* 0 to 86400 */
    COMMAND_SETTINGS,       /* names of settings */
    COMMAND_SETTING_VALUES, /* a name and a value in turn */
};

struct command_option {
    const char *name;  /* without its two hyphens; NULL: the end of the list */
    const char *value; /* what it takes, such as "PATH"; NULL: nothing */
    enum command_value kind;
    const char *query; /* of the request's path: "client"; a flag with its value: "force=true" */
    const char *help;
    const char *words; /* that its value can be, with spaces; NULL: any */
};

/* Those of all commands. */
enum {
    GLOBAL_ADMIN,
    GLOBAL_ADMIN_TOKEN,
    GLOBAL_ADMIN_CA,
    GLOBAL_ADMIN_CERT,
    GLOBAL_ADMIN_KEY,
    GLOBAL_JSON,
    GLOBAL_HELP,
    GLOBAL_VERSION,
    GLOBAL_MAN,
    GLOBAL_COUNT,
};

extern const struct command_option command_globals[GLOBAL_COUNT + 1];

struct command_column {
    const char *title;
    const char *member; /* of an item, with dots for those of its members */
    enum value_kind kind;
    bool wide; /* only with --wide */
};

struct invocation;

struct command {
    const char *noun, *verb; /* verb NULL: the noun alone */
    const char *noun_help;   /* in the first row of a noun with verbs */
    const char *arguments;   /* as shown: "CLIENT", "" */
    uint32_t arguments_min, arguments_max;
    enum command_value kind; /* of the arguments */
    const char *words;       /* that the first argument can be, with spaces; NULL: any */
    const char *more_words;  /* that those behind it can be */
    const char *help;        /* one line */
    const char *details;     /* more of them, or NULL */
    const char *example;
    struct command_option options[COMMAND_OPTIONS_MAX + 1];
    const char *method, *path; /* "/clients/{}", {} is the first argument; NULL: none */
    bool at_root;              /* the path is not below /api/v1 */
    const char *items;         /* the member of the reply that is shown; NULL: of lists "items" */
    struct command_column columns[COMMAND_COLUMNS_MAX + 1];
    const char *done; /* what people are told afterwards: "evicted" */
    int (*run)(const struct invocation *call);
};

struct command_table {
    const struct command *of;
    uint32_t count;
};

/* One command as it was typed. */
struct invocation {
    const struct command_table *table;
    const struct command *command;
    const char *globals[GLOBAL_COUNT]; /* "": given without a value; NULL: not given */
    const char *options[COMMAND_OPTIONS_MAX];
    const char **arguments;
    uint32_t count;
};
