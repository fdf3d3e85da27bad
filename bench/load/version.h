/* SPDX-License-Identifier: Apache-2.0 */
/* What `mainstay-bench --version` prints. */
#pragma once

#include <stdio.h>

/* The version, the commit, how it was built, and the libraries that it runs with. */
void version_print(FILE *out);
