/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON object for people: a line for each member, smaller tables for lists of objects. */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* The names of members tell their units (value_kind_of()). */
void record_print(json_t *object, FILE *out);
