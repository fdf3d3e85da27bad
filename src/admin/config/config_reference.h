/* SPDX-License-Identifier: Apache-2.0 */
/* The tables as a document: docs/config.md is what this prints. */
#pragma once

#include <stdio.h>

/* Markdown. */
void config_reference_print(FILE *out);
