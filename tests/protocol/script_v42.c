/* SPDX-License-Identifier: Apache-2.0 */
/* Linked in, the clients of the script speak minor version 2. */
#include "script.h"

uint32_t script_minor = 2;
