import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Tries features, a few at a time, and prints a line for each (see ProgramClient). */
final class Cells {
    interface Feature {
        void run() throws Exception;
    }

    static void report(Map<String, Feature> features) throws InterruptedException {
        var threads = Executors.newFixedThreadPool(3);
        features.forEach((name, feature) -> threads.execute(() -> System.out.println(attempt(name, feature))));
        threads.shutdown();
        threads.awaitTermination(14, TimeUnit.MINUTES);
    }

    static void equal(Object expected, Object actual) {
        if (!expected.equals(actual)) throw new AssertionError("expected " + expected + ", got " + actual);
    }

    private static String attempt(String name, Feature feature) {
        try {
            feature.run();
            return "ok\t" + name;
        } catch (Throwable e) {
            var where = new StringBuilder();
            for (var frame : e.getStackTrace()) {
                if (frame.getClassLoaderName() != null && !frame.getClassName().contains(".")) where.append(' ').append(frame.getFileName()).append(':').append(frame.getLineNumber());
            }
            return ("FAILED\t" + name + "\t" + e + " at" + where).replace('\n', ' ');
        }
    }
}
