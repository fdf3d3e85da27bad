/* SPDX-License-Identifier: Apache-2.0 */
/* docs/events.md, from the table of events. */
#pragma once

#include <stdio.h>

void event_reference_print(FILE *out);
