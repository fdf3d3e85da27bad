/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lets a whole test program run over TLS: with MAINSTAY_OVER=tls in the environment, its servers
 * get certificates, and its mounts (script_cred()) use mutual TLS.
 */
#pragma once

#include "client/client_security.h"

/* NULL: not asked for.  The first call makes the certificates; no server may run before. */
const struct client_security *over_tls(void);
