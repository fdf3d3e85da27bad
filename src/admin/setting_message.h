/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that repeat what a request said: printable ASCII, however long and whatever that is. */
#pragma once

#include <stddef.h>

enum {
    SETTING_QUOTE_BYTES = 48 /* of a name or a value in a message, with its NUL */
};

/* Copy text of a request for a message: shorten it, with '?' for what cannot be printed. */
const char *setting_quote(const char *text, char quoted[SETTING_QUOTE_BYTES]);

/* Say that no setting has this name, and which one may be meant. */
void setting_unknown(const char *name, char *error, size_t size);
