/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a call is secured, as exports see it; and which operations say themselves that it is not
 * enough (RFC 8881 §2.6.3.1.1).
 */
#pragma once

#include <stdbool.h>

#include "export/export_security.h"

struct compound;
struct rpc_call;
struct rpc_cred;

enum security_flavor security_flavor_of(const struct rpc_cred *cred);

/* Who calls.  Lives as long as the call. */
void security_caller_init(struct export_caller *caller, const struct rpc_call *call);

/* Does it not matter, for a put filehandle operation, that the caller may not use the filehandle?
 * So it is if another one, LOOKUP(P), OPEN by name, SECINFO(_NO_NAME) or nothing follows, SAVEFH
 * not counted. */
bool security_is_put_lightly(const struct compound *c);

/* Is the next operation, GETATTR not counted, one that this call's machine credential may be used
 * for? */
bool security_is_put_for_machine(const struct compound *c);
