/* SPDX-License-Identifier: Apache-2.0 */
/* One value of the configuration file: the node of the document that belongs to a key. */
#pragma once

#include "admin/config/config_key.h"
#include "admin/config/document.h"

enum {
    CONFIG_NAME_BYTES = 96, /* "exports[255].strict_utf8" */
};

/* Is there a text where `name` wants one?  Else the fault is noted. */
bool config_value_is_text(const struct document_node *node, const char *name, const char *wants,
                          struct config_faults *faults);

/* Put a number, a word, a flag, a text, a directory or a path where its key wants it in the struct
 * `in`.  False: it is none, and the fault is noted under `name`. */
bool config_value_read(const struct document_node *node, const struct config_key *key,
                       const char *name, void *in, struct config_faults *faults);

/* Note that a map does not know `key`, and which of the `count` keys is near, of those whose names
 * begin with `section` ("log.", or ""). */
void config_value_unknown(const struct document_node *key, const char *section,
                          const struct config_key *keys, size_t count,
                          struct config_faults *faults);
