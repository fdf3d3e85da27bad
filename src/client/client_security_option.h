/* SPDX-License-Identifier: Apache-2.0 */
/* How connections are secured, as command lines say it. */
#pragma once

#include "client/client_security.h"

/* Values of options, which must live as long as what is made of them; NULL: not given. */
struct client_security_option {
    const char *sec;  /* --sec */
    bool tls;         /* --tls */
    const char *ca;   /* --tls-ca, and so on */
    const char *cert; /* with the key in the same file unless `key` is given */
    const char *key;
    const char *name;
};

/* NULL, or what is wrong, as in "--tls-key goes with --tls-cert only". */
const char *client_security_option_parse(const struct client_security_option *option,
                                         struct client_security *security) MUST_USE;
