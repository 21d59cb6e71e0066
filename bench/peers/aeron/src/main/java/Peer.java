import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.FragmentAssembler;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Scanner;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.SleepingMillisIdleStrategy;
import org.agrona.concurrent.UnsafeBuffer;

/** Aeron IPC, as bench/peers/program_pair.hpp asks for it: {@code Peer FOLDER driver|left|right}. */
public final class Peer {
    private static final String CHANNEL = "aeron:ipc";
    private static final int TO_RIGHT = 1;
    private static final int TO_LEFT = 2;
    private static final double[] SHARES = {0, 0.5, 0.9, 0.99, 0.999, 0.9999, 1};
    private static final int PIECE = 4096;
    private static final int CIRCLE = 256;
    private static final int BYTES_BETWEEN_MARKS = 4096;

    // Everybody is stopped while nobody measures; nobody is to be taken for dead because of that.
    private static final long PATIENCE = TimeUnit.HOURS.toNanos(1);

    private final ExclusivePublication out;
    private final Subscription in;
    private final UnsafeBuffer message = new UnsafeBuffer(ByteBuffer.allocateDirect(1 << 20));
    private final FragmentAssembler receiver =
            new FragmentAssembler((buffer, at, length, header) -> take(buffer, at, length));
    private long last = -1; // the number of what was received last
    private int expected; // bytes of each message

    private Peer(Aeron aeron, boolean left) {
        out = aeron.addExclusivePublication(CHANNEL, left ? TO_RIGHT : TO_LEFT);
        in = aeron.addSubscription(CHANNEL, left ? TO_LEFT : TO_RIGHT);
    }

    /** As message.hpp: 64 bytes are words that belong together, larger ones say their number in each page. */
    private void mark(long number, int bytes) {
        message.putLong(0, number);
        if (bytes == 64) {
            for (int word = 1; word < 8; ++word) {
                message.putLong(8 * word, number % CIRCLE + word);
            }
            return;
        }
        for (int at = 0; at < bytes; at += BYTES_BETWEEN_MARKS) {
            message.putLong(at, number);
        }
        message.putLong(bytes - 8, number);
    }

    private void take(DirectBuffer buffer, int at, int length) {
        final long number = buffer.getLong(at);
        boolean good = length == expected && number == last + 1;
        if (length == 64) {
            long sum = 0;
            for (int word = 1; word < 8; ++word) {
                sum += buffer.getLong(at + 8 * word);
            }
            good &= sum == 7 * (number % CIRCLE) + 28;
        } else {
            for (int mark = 0; mark < length; mark += BYTES_BETWEEN_MARKS) {
                good &= buffer.getLong(at + mark) == number;
            }
            good &= buffer.getLong(at + length - 8) == number;
        }
        if (!good) {
            throw new IllegalStateException("message " + number + " after " + last + " is another or damaged");
        }
        last = number;
    }

    private void send(long number, int bytes) {
        mark(number, bytes);
        while (out.offer(message, 0, bytes) < 0) {
            Thread.onSpinWait();
        }
    }

    private void receive(long number) {
        while (last < number) {
            if (in.poll(receiver, 1) == 0) {
                Thread.onSpinWait();
            }
        }
    }

    private String pingPong(boolean left, int bytes, int messages) {
        final int warmUp = Math.max(messages, 20_000); // what is not compiled yet is another program
        final double[] samples = new double[messages];
        if (!left) {
            for (int number = 0; number < warmUp + messages; ++number) {
                receive(number);
                send(number, bytes);
            }
            return "ok";
        }
        for (int number = 0; number < warmUp; ++number) {
            send(number, bytes);
            receive(number);
        }
        final long start = System.nanoTime();
        long before = start;
        for (int index = 0; index < messages; ++index) {
            send(warmUp + index, bytes);
            receive(warmUp + index);
            final long now = System.nanoTime();
            samples[index] = (now - before) / 2.0;
            before = now;
        }
        final double seconds = (before - start) * 1e-9;
        Arrays.sort(samples);
        final StringBuilder told = new StringBuilder();
        for (final double share : SHARES) {
            final double above = (messages - 1) * (1 - share);
            final boolean known = share == 1 || above >= 1;
            told.append(known ? samples[(int) ((messages - 1) * share + 0.5)] : 0).append(' ');
        }
        return told.append(seconds).toString();
    }

    private String stream(boolean left, int bytes, int messages) {
        if (left) {
            for (int number = 0; number < messages; ++number) {
                send(number, bytes);
            }
            return "ok";
        }
        final long[] stamps = new long[messages / PIECE + 2];
        int pieces = 0;
        receive(0);
        final long start = System.nanoTime();
        long next = PIECE;
        while (last < messages - 1) {
            if (in.poll(receiver, 64) == 0) {
                Thread.onSpinWait();
            }
            if (last >= next) {
                stamps[pieces++] = System.nanoTime();
                next += PIECE;
            }
        }
        final double seconds = (System.nanoTime() - start) * 1e-9;
        final double wholeRun = (messages - 1) / seconds;
        if (pieces < 4) {
            return wholeRun + " " + wholeRun + " " + seconds;
        }
        final long[] times = new long[pieces - 1];
        for (int index = 0; index < times.length; ++index) {
            times[index] = stamps[index + 1] - stamps[index];
        }
        Arrays.sort(times);
        return PIECE * 1e9 / times[times.length / 2] + " " + wholeRun + " " + seconds;
    }

    private static void drive(String folder) {
        final MediaDriver.Context context = new MediaDriver.Context()
                .aeronDirectoryName(folder)
                .dirDeleteOnStart(true)
                .dirDeleteOnShutdown(true)
                .threadingMode(ThreadingMode.SHARED)
                .sharedIdleStrategy(new SleepingMillisIdleStrategy(1)) // it sets up, and carries nothing
                .ipcTermBufferLength(16 << 20)
                .ipcMtuLength(65504) // the most: fewer fragments of large messages
                .clientLivenessTimeoutNs(PATIENCE)
                .publicationUnblockTimeoutNs(2 * PATIENCE)
                .warnIfDirectoryExists(false);
        try (MediaDriver driver = MediaDriver.launch(context); Scanner questions = new Scanner(System.in)) {
            System.out.println("ready");
            questions.hasNext(); // none comes: until nobody can ask any more
        }
    }

    public static void main(String[] arguments) {
        final String folder = arguments[0];
        final String role = arguments[1];
        if (role.equals("driver")) {
            drive(folder);
            return;
        }
        final boolean left = role.equals("left");
        final Aeron.Context context = new Aeron.Context()
                .aeronDirectoryName(folder)
                .driverTimeoutMs(TimeUnit.NANOSECONDS.toMillis(PATIENCE))
                .errorHandler(error -> {
                    error.printStackTrace();
                    Runtime.getRuntime().halt(1);
                })
                .idleStrategy(new SleepingMillisIdleStrategy(1));
        try (Aeron aeron = Aeron.connect(context); Scanner questions = new Scanner(System.in)) {
            final Peer peer = new Peer(aeron, left);
            System.out.println("ready");
            while (questions.hasNext()) {
                final String what = questions.next();
                peer.expected = questions.nextInt();
                final int messages = questions.nextInt();
                peer.last = -1;
                System.out.println(what.equals("stream")
                        ? peer.stream(left, peer.expected, messages)
                        : peer.pingPong(left, peer.expected, messages));
            }
        }
    }
}
