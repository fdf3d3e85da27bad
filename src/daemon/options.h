/* SPDX-License-Identifier: Apache-2.0 */
/* What mainstayd was told on its command line, each option checked by itself. */
#pragma once

#include "admin/config/config.h"

struct options {
    struct config *config; /* what options say, and defaults */
    char *config_file;     /* NULL: none */
    bool check_only;
};

enum options_result {
    OPTIONS_RUN,
    OPTIONS_DONE,  /* --help, --version: printed; exit status 0 */
    OPTIONS_WRONG, /* an error was reported on stderr; exit status 2 */
};

/* Parse argv into `options`.  Call options_fini() whatever the result. */
enum options_result options_parse(struct options *options, int argc, char **argv);
void options_fini(struct options *options);
