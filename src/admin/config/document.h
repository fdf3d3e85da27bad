/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A document as a tree: texts, lists and maps, each with its line.  It is read from YAML here, from
 * JSON by config_json.h.  Nothing is said here about what the words mean.
 *
 * Of YAML only what a configuration needs is taken: one document in UTF-8, without anchors,
 * aliases, tags and keys that stand twice in a map.  A file of LIMIT_CONFIG_BYTES makes
 * LIMIT_CONFIG_NODES nodes at the most, LIMIT_CONFIG_DEPTH deep.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/config/config_fault.h"

enum document_kind {
    DOCUMENT_TEXT,
    DOCUMENT_LIST,
    DOCUMENT_MAP,
};

struct document_node {
    enum document_kind kind;
    uint32_t line;
    bool plain;                  /* a text without quotes: it may be a number, a flag, or nothing */
    bool refused;                /* a fault of it is noted: there is no more to be said */
    char *text;                  /* of a text; UTF-8 without NUL */
    struct document_node *first; /* of a list its items, of a map its keys; in their order */
    struct document_node *last;
    struct document_node *next;   /* beside it */
    struct document_node *value;  /* of a key of a map */
    struct document_node *before; /* made before it */
};

struct document {
    struct document_node *root;
    struct document_node *made; /* the last one of all nodes */
    uint32_t count;
};

/* Read `len` bytes.  False: they cannot be read to their end, and `faults` has the reason.  If they
 * can, there may be faults all the same, of nodes that are refused.  Free with document_fini(),
 * whatever the result. */
bool document_read(struct document *document, const char *bytes, size_t len,
                   struct config_faults *faults);
void document_fini(struct document *document);

/* Put a node behind the others of a list or a map. */
void document_child_add(struct document_node *parent, struct document_node *child);

/* Is it a plain text without a character, `~` or `null`? */
bool document_is_nothing(const struct document_node *node);

/* "a text", "a list", "a map". */
const char *document_kind_name(const struct document_node *node);
