/* SPDX-License-Identifier: Apache-2.0 */
/* The manual page mainstay.conf(5), from the tables of keys and settings. */
#pragma once

#include <stdio.h>

void config_manual_print(FILE *out);
