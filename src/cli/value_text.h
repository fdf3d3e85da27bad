/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the admin endpoint as people read them. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

enum value_kind {
    VALUE_PLAIN,   /* a text, a number, yes or no; a list with commas */
    VALUE_SECONDS, /* "12 s", "3m05s" */
    VALUE_BYTES,   /* "1.5 MiB" */
    VALUE_COUNT,   /* the length of a list */
    VALUE_LENGTH,  /* a number; null: "to end" */
    VALUE_PATH,    /* a text; null: "(removed)" */
    VALUE_ACCESS,  /* true: "ro", false: "rw" */
    VALUE_CLIENTS, /* a list; empty: "all" */
    VALUE_NAME,    /* a text that a client has chosen */
};

/* The kind that the name of a member tells: `_s` for seconds, `_bytes`. */
enum value_kind value_kind_of(const char *member);

/* Is it a kind of number? */
bool value_kind_is_number(enum value_kind kind);

/* The text, not yet safe for a terminal.  NULL if there is no value; free() it. */
char *value_text(const json_t *value, enum value_kind kind);

/* The member at a path with dots, such as "uses.clients"; NULL: there is none. */
const json_t *value_member(const json_t *object, const char *path);
