/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/preflight.h"

#include <unistd.h>

#include "daemon/backends.h"
#include "daemon/console.h"
#include "daemon/setting_effect.h"
#include "daemon/state_dir.h"
#include "state/recovery/recovery_db.h"

static bool records_check(const struct options *options, int dir)
{
    char error[256];

    if (dir < 0 || recovery_db_check(dir, error, sizeof(error)))
        return true;
    console_error("--state %s: %s", options->state_dir, error);
    return false;
}

static bool exports_check(const struct options *options)
{
    char existing[LIMIT_PATH_BYTES], error[512];

    state_dir_existing(options->state_dir, existing, sizeof(existing));
    if (backend_check_all(options->exports, options->export_count, existing, error, sizeof(error)))
        return true;
    console_error("%s", error);
    return false;
}

bool preflight_run(const struct options *options, bool *wrong_options)
{
    bool good;
    int dir;

    *wrong_options = false;
    good = state_dir_check(options->state_dir, &dir) &&
           setting_effect_check(dir, options->settings, options->lease_s, wrong_options) &&
           records_check(options, dir) && exports_check(options);
    if (dir >= 0)
        close(dir);
    return good;
}
