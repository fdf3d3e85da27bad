/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of what a configuration file can say.  The reader, the options of the command line and
 * docs/config.md are all made from it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "admin/config/config.h"

enum config_kind {
    CONFIG_NUMBER,        /* uint32_t or uint64_t */
    CONFIG_WORD,          /* the index of one of the words: bool or enum */
    CONFIG_FLAG,          /* the same of false and true */
    CONFIG_TEXT,          /* char *, which the struct owns */
    CONFIG_ABSOLUTE_PATH, /* the same */
    CONFIG_PATH,          /* the same, of an export: normalised */
    CONFIG_LISTEN_LIST,
    CONFIG_ADMIN_LIST,
    CONFIG_FLAVORS,   /* struct export_security: sec */
    CONFIG_XPRTSECS,  /* the same: xprtsec */
    CONFIG_RULE_LIST, /* struct export_rules */
    CONFIG_CLIENT_LIST,
    CONFIG_EXPORT_LIST,
    CONFIG_SETTING_MAP,
};

/* When the server follows a change of it. */
enum config_when {
    CONFIG_AT_START,   /* when it starts the next time; all that say nothing else */
    CONFIG_AT_ONCE,    /* when it reads the file again */
    CONFIG_AS_SETTING, /* as `setting` does, of which it is the initial value */
};

enum {
    CONFIG_WORDS_MAX = 5,
    CONFIG_WANTS_BYTES = 96,
    CONFIG_PRINT_BYTES = 256,
};

struct config_key {
    const char *name; /* with the section before it: "log.level" */
    enum config_kind kind;
    size_t offset, bytes; /* where it is in its struct; 0 bytes: nowhere */
    uint64_t min, max, usual;
    const char *unit; /* or NULL */
    const char *words[CONFIG_WORDS_MAX];
    const char *usual_text; /* for people, if `usual` does not say it */
    const char *option;     /* of the command line, or NULL */
    const char *example;    /* a value, as it stands behind the colon */
    const char *help;
    enum config_when when;
    enum setting_id setting; /* if that is CONFIG_AS_SETTING */
};

/* In struct config. */
extern const struct config_key config_keys[CONFIG_KEY_COUNT];

/* In struct export_spec: of each item of `exports`. */
enum {
    CONFIG_EXPORT_KEY_COUNT = 18
};
extern const struct config_key config_export_keys[CONFIG_EXPORT_KEY_COUNT];

/* "0 to 3600 seconds", "text or json": the values that it takes.  Returns `text`. */
const char *config_key_wants(const struct config_key *key, char text[CONFIG_WANTS_BYTES]);

/* "at once", "at the next start", ... */
const char *config_key_when(const struct config_key *key);

/* The value of a number, a word or a flag from its text.  False: it is none that the key takes. */
bool config_key_parse(const struct config_key *key, const char *text, void *in) MUST_USE;

/* Put the default of each number, word and flag of a table into its struct. */
void config_keys_default(const struct config_key *keys, size_t count, void *in);

/* The value, as people would say it; cut to the size.  Returns `text`. */
const char *config_key_print(enum config_key_id id, const struct config *config,
                             char text[CONFIG_PRINT_BYTES]);
