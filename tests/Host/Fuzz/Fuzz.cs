using System.Text.RegularExpressions;

namespace Naf.Tests;

/// <summary>
/// Random changes of valid inputs. Iteration i of a test draws from a generator of its own, so that a failure is found
/// again whatever ran before it; NAF_FUZZ=N sets the number of iterations.
/// </summary>
internal static partial class Fuzz
{
    private const int Fewest = 20, Shown = 10;

    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(3), Longest = TimeSpan.FromMinutes(1);

    // numbers at the ends of their types, YAML's and JSON's own signs, paths, control and wide characters, long texts
    private static readonly string[] Tokens =
    [
        "", "0", "-1", "1", "1e-320", "1e999", "-1e308", "nan", ".inf", "-inf", "pi", "2147483647", "-2147483648",
        "4294967296", "18446744073709551615", "0x10", "1_000", "true", "null", "~", "[]", "{}", "[[]]", "{a: b}", "&a",
        "*a", "&b [*b]", "!x", "!!int 3", "!!binary aGk=", "<<", "? ", "|", ">-", "---", "...", "#", "\t", "\n",
        "\r", "\"\\e[31m\"", "\"\\0\"", "\u0007", "é", "日本", "\ud83e\udd16", "\u2028", "../..", "/", "/dev/null", ".",
        "\\", "'", "\"", "''", "\"\"", ",", ":", "[", "]", "{", "}", "-", " - ", "@", "`", "%", "all", "action",
        new string('x', 3000), string.Concat(Enumerable.Repeat("[", 300)), string.Concat(Enumerable.Repeat("- ", 300)),
    ];

    /// <summary>Tries random inputs for three seconds, or NAF_FUZZ of them.</summary>
    /// <param name="attempt">
    /// Draws an input, hands over how it is shown when <b>it</b> fails, and tries it, within a minute.
    /// </param>
    public static void Run(Action<Random, Action<string>> attempt)
    {
        bool isLong = int.TryParse(Environment.GetEnvironmentVariable("NAF_FUZZ"), out int count);
        List<string> failures = [];
        var watch = Stopwatch.StartNew();
        for (int i = 0; isLong ? i < count : i < Fewest || watch.Elapsed < Budget; i++)
        {
            string input = "";
            var random = new Random(i);
            Task trial = Task.Run(() => attempt(random, text => Volatile.Write(ref input, text)));
            string? problem = null;
            try
            {
                if (!trial.Wait(Longest)) problem = "it hangs";
            }
            catch (AggregateException e)
            {
                problem = $"{e.InnerException}";
            }
            if (problem is not null) failures.Add($"iteration {i}: {problem}\ninput: {Volatile.Read(ref input)}\n");
            if (failures.Count == Shown) break;
        }
        if (failures.Count > 0) Assert.Fail(string.Join('\n', failures));
    }

    /// <summary>Changes a valid text in one to four ways, or replaces it by noise.</summary>
    public static byte[] Mutated(Random random, string valid)
    {
        if (random.Next(20) == 0)
        {
            var noise = new byte[random.Next(300)];
            random.NextBytes(noise);
            return noise;
        }
        string text = valid;
        for (int n = random.Next(1, 5); n > 0; n--) text = Changed(random, text);
        return random.Next(4) == 0 ? Mutated(random, Encoding.UTF8.GetBytes(text)) : Encoding.UTF8.GetBytes(text);
    }

    /// <summary>Changes up to eight bytes, cuts the end off, or repeats or drops a piece.</summary>
    public static byte[] Mutated(Random random, byte[] valid)
    {
        byte[] bytes = [.. valid];
        if (bytes.Length == 0) return bytes;
        int from = random.Next(bytes.Length), to = random.Next(from, bytes.Length);
        switch (random.Next(4))
        {
            case 0: return bytes[..from];
            case 1: return [.. bytes[..from], .. bytes[to..]];
            case 2: return [.. bytes[..to], .. bytes[from..]];
            default:
                for (int n = random.Next(1, 9); n > 0; n--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                return bytes;
        }
    }

    /// <summary>Asserts that a message is one sentence, and no report of an error of naf.</summary>
    /// <param name="all">What is shown if it is not.</param>
    public static void AssertSentence(string message, string all)
    {
        // Assert.That would also report it to NUnit, from a thread that is none of a test's
        if (message.Length < 10 || NoSentence().IsMatch(message)) throw new AssertionException(all);
    }

    private static string Changed(Random random, string text)
    {
        string token = Tokens[random.Next(Tokens.Length)];
        switch (random.Next(6))
        {
            case 0: // a word becomes another word of the text, or a token
                Match[] words = [.. Word().Matches(text).AsEnumerable()];
                if (words.Length == 0) return token;
                Match word = words[random.Next(words.Length)];
                string other = random.Next(2) == 0 ? token : words[random.Next(words.Length)].Value;
                return text[..word.Index] + other + text[(word.Index + word.Length)..];
            case 1: // a token anywhere
                int at = random.Next(text.Length + 1);
                return text[..at] + token + text[at..];
            case 2: // the end is missing
                return text[..random.Next(text.Length + 1)];
            case 3: // a character is missing
                if (text.Length == 0) return token;
                return text.Remove(random.Next(text.Length), 1);
            default: // a line is missing, twice there, elsewhere, or indented otherwise
                List<string> lines = [.. text.Split('\n')];
                int line = random.Next(lines.Count);
                string moved = lines[line];
                int change = random.Next(4);
                if (change is 0 or 2) lines.RemoveAt(line);
                if (change is 1 or 2) lines.Insert(random.Next(lines.Count + 1), moved);
                if (change is 3) lines[line] = new string(' ', random.Next(6)) + moved.TrimStart();
                return string.Join('\n', lines);
        }
    }

    [GeneratedRegex(@"\n|Exception|   at |should not happen")]
    private static partial Regex NoSentence();

    [GeneratedRegex(@"[\w.+-]+")]
    private static partial Regex Word();
}
