/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A gate before the disk of the server under test: while it is shut, each pwrite(), ftruncate() and
 * renameat() of mainstayd waits in front of it.  It is a library (gate_library.c) that is loaded
 * into the server before all others; GATE_LIBRARY says where it is.
 */
#pragma once

#include <stdbool.h>

/* Before the server starts: all that are started from now on have the gate, open.  It lies in the
 * directory `dir`, and guards the files below `gated`. */
void gate_install(const char *dir, const char *gated);

void gate_shut(void);
void gate_open(void); /* also when it is not shut */

/* Does a call wait before it? */
bool gate_is_met(void);
