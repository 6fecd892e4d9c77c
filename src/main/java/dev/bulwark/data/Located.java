package dev.bulwark.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** How the search for MNIST ended; each outcome says which places were no use, one line a place. */
public sealed interface Located {

    /**
     * @param folder     where the files lie
     * @param datasets   one for each split that was asked for; all called {@code mnist} if the content of every file is
     *                   the published one, else all called as their folder
     * @param passedOver why the places searched before were no use, in order
     */
    record Found(Path folder, Map<Split, Dataset> datasets, List<String> passedOver) implements Located {

        public Found {
            datasets = Map.copyOf(datasets);
            passedOver = List.copyOf(passedOver);
        }

        /** @throws IllegalArgumentException if {@code split} was not asked for */
        public Dataset dataset(Split split) {
            if (!datasets.containsKey(split)) {
                throw new IllegalArgumentException("split is " + split + ", asked for were " + datasets.keySet());
            }
            return datasets.get(split);
        }
    }

    /**
     * @param reasons why each place and each mirror was no use, in order; never empty
     */
    record NotFound(List<String> reasons) implements Located {

        public NotFound {
            reasons = List.copyOf(reasons);
        }
    }
}
