/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/preflight.h"

#include <unistd.h>

#include "daemon/backends.h"
#include "daemon/console.h"
#include "daemon/export_reach.h"
#include "daemon/export_store.h"
#include "daemon/setting_effect.h"
#include "daemon/state_dir.h"
#include "daemon/tls_setup.h"
#include "state/recovery/recovery_db.h"

static bool records_check(const struct config *config, int dir)
{
    char error[256];

    if (dir < 0 || (recovery_db_check(dir, error, sizeof(error)) &&
                    export_store_check(dir, error, sizeof(error))))
        return true;
    state_dir_complain(config, error);
    return false;
}

static bool exports_check(const struct config *config)
{
    char existing[LIMIT_PATH_BYTES], error[512];

    state_dir_existing(config->state_dir, existing, sizeof(existing));
    if (backend_check_all(config->exports, config->export_count, existing, error, sizeof(error)))
        return true;
    console_error("%s", error);
    return false;
}

bool preflight_run(const struct config *config, bool *wrong_options)
{
    bool good;
    int dir;

    *wrong_options = false;
    good = state_dir_check(config, &dir) && setting_effect_check(dir, config, wrong_options) &&
           records_check(config, dir) && exports_check(config) && tls_setup_check(config);
    if (good)
        export_reach_tell(config, NULL);
    if (dir >= 0)
        close(dir);
    return good;
}
