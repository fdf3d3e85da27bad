/* SPDX-License-Identifier: Apache-2.0 */
/* The contract suite on backend/local: on btrfs, where files can share blocks. */
#include "backend/local_fixture.h"
#include "lib/image.h"

int main(int argc, char **argv)
{
    local_setting.parent = image_mount("btrfs");
    if (!local_setting.parent) {
        puts("skipped: " IMAGE_NEEDED("btrfs"));
        return TEST_EXIT_SKIPPED;
    }
    local_setting.clones = true;
    return local_contract_main("local_btrfs", argc, argv);
}
