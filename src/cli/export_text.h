/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of an export, as mainstayd's --export has it, as the body of a request: the keys that an
 * export has in the configuration file.  Options that contradict each other are refused, as there.
 * What a value may be, and whether values go together, the server checks.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base/check.h"

enum {
    EXPORT_TEXT_ERROR_BYTES = 320
};

/* 'PATH=BACKEND[:ARGUMENT][,OPTION...]'.  NULL, and why not. */
json_t *export_text_parse(const char *text, char error[EXPORT_TEXT_ERROR_BYTES]) MUST_USE;

/* Change `export` by 'OPTION[,OPTION...]'.  The first client= replaces those that are there;
 * client=all admits everybody.  False, and why not. */
bool export_text_apply(json_t *export, const char *options,
                       char error[EXPORT_TEXT_ERROR_BYTES]) MUST_USE;
