/* SPDX-License-Identifier: Apache-2.0 */
/* Printing what was found to stdout: for people, and for programs. */
#pragma once

#include "cli/probe.h"

void probe_print_text(const struct probe *probe);
bool probe_print_json(const struct probe *probe);
