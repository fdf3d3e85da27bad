/* SPDX-License-Identifier: Apache-2.0 */
/* `mainstay watch`: what changes in a directory of an NFS server, as it is told. */
#pragma once

#include "cli/command.h"

int watch_command(const struct invocation *call);
