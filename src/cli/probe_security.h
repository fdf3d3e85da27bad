/* SPDX-License-Identifier: Apache-2.0 */
/* What security a server offers: TLS, and the flavors of each file system. */
#pragma once

#include "cli/probe.h"

/* Whether it offers TLS, and what is in force on probe->conn. */
bool probe_security_tls(struct probe *probe);

void probe_security_fini(struct probe_tls *tls);

/* The flavors of a name in a directory, or of the root (`parent` NULL), which only 4.1 tells.  What
 * the server does not tell is left empty.  False: the probe ends. */
bool probe_security_flavors(struct probe *probe, const struct client_fh *parent,
                            const struct wire_opaque *name, struct probe_directory *dir);

/* Text of a flavor, "krb5p"; in `number` if it has no name. */
#define PROBE_FLAVOR_BYTES 32u
const char *probe_security_name(const struct probe_flavor *flavor, char number[PROBE_FLAVOR_BYTES]);
