/* SPDX-License-Identifier: Apache-2.0 */
/* `mainstay tls check`: are the files good that a server with TLS needs? */
#pragma once

#include "cli/command.h"

int tls_command_check(const struct invocation *call);
