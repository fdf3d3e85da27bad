/* SPDX-License-Identifier: Apache-2.0 */
/* `mainstay krb5 check`: is all there that a server with Kerberos needs? */
#pragma once

#include "cli/command.h"

int krb5_check(const struct invocation *call);
