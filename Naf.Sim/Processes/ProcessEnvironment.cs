using System.Text.Json.Serialization;
using Naf.Kernels.Reward;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Processes;

/// <summary>
/// An environment in any language: a process that answers one JSON object per line. docs/environments.md has the
/// messages.
/// </summary>
internal sealed class ProcessEnvironment : IEnvironment
{
    /// <summary>Version of the protocol.</summary>
    public const int Protocol = 1;

    /// <summary>The command that stands for the program that started naf, over naf's input and output.</summary>
    public const string Parent = "-";

    private const int Shown = 80; // characters of a wrong line

    // one for all environments, which take turns
    private static readonly Lazy<LineProcess> OfParent = new(LineProcess.OfParent);

    private static readonly JsonSerializerOptions Terms = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
        RespectRequiredConstructorParameters = false,
    };

    private readonly string _command;
    private readonly TimeSpan _timeout;
    private readonly LineProcess _process;
    private int _steps;

    /// <summary>Starts the command and reads its spaces.</summary>
    /// <param name="command">For /bin/sh, or <see cref="Parent"/>.</param>
    /// <param name="timeout">Within which a command gives each answer; the program that started naf may pause.</param>
    /// <exception cref="EnvironmentException">It does not answer as it should.</exception>
    public ProcessEnvironment(string command, TimeSpan timeout)
    {
        bool isParent = command == Parent;
        (_command, _timeout) = (Shortened(command), isParent ? Timeout.InfiniteTimeSpan : timeout);
        try
        {
            _process = isParent ? OfParent.Value : LineProcess.Start(command);
        }
        catch (EnvironmentException e)
        {
            throw Failure(e.Message, e);
        }
        try
        {
            (Name, ObservationSpace, ActionSpace, MaxEpisodeSteps, IsRepeatable, Reward, Hello) =
                Ask("hello", $"{{\"hello\": {Protocol}}}", Spaces);
            IsRepeatable &= !isParent;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The environment's name.</summary>
    public string Name { get; }

    /// <summary>Its answer to hello; each process of a command gives the same.</summary>
    public string Hello { get; }

    /// <inheritdoc/>
    public Box ObservationSpace { get; }

    /// <inheritdoc/>
    public Box ActionSpace { get; }

    /// <inheritdoc/>
    public int MaxEpisodeSteps { get; }

    /// <inheritdoc/>
    public bool IsRepeatable { get; }

    /// <inheritdoc/>
    public RewardDefinition? Reward { get; }

    /// <inheritdoc/>
    public double[] Reset(ulong seed)
    {
        _steps = 0;
        // 32 bits: the random generators of every language take them
        return Ask("reset", $"{{\"reset\": {(uint)seed}}}", Observation);
    }

    /// <inheritdoc/>
    public EnvironmentStep Step(ReadOnlySpan<double> action)
    {
        var request = new StringBuilder("{\"step\": [");
        for (int i = 0; i < action.Length; i++)
            request.Append(CultureInfo.InvariantCulture, $"{(i > 0 ? ", " : "")}{action[i]:R}");
        return Ask($"step {++_steps} of the episode", request.Append("]}").ToString(), answer => new EnvironmentStep(
            Observation(answer), Number(Member(answer, "reward"), double.NaN), Flag(answer, "terminated"),
            Flag(answer, "truncated")));
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Close("{\"close\": true}");

    // the next answer that is not {"busy": TEXT}, which only shows that the process is alive
    private T Ask<T>(string what, string request, Func<JsonElement, T> read)
    {
        string? send = request, line = null, busy = null;
        try
        {
            while (true)
            {
                line = null;
                line = _process.Exchange(send, _timeout);
                JsonElement answer = Parsed(line);
                if (!answer.TryGetProperty("busy", out JsonElement reason)) return read(answer);
                (send, busy) = (null, reason.ToString());
            }
        }
        catch (EnvironmentException e)
        {
            string remedy = e.ClosedByProgram ? "" : e.TimedOut
                ? $"{(busy is null ? "" : $" (it was last busy with '{Shortened(busy)}')")}; raise answer_timeout, or "
                    + "have it write {\"busy\": \"WHY\"} meanwhile"
                : "; its standard error may have the reason";
            throw Failure($"{e.Message} when asked for {what}{remedy}", e);
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException
            or InvalidOperationException or NotSupportedException)
        {
            throw Failure($"answered {what} by '{Shortened(line ?? "")}', but {e.Message.TrimEnd('.')}; have it write "
                + "one JSON object per line, and anything else to standard error", e);
        }
    }

    private static JsonElement Parsed(string line)
    {
        try
        {
            JsonElement answer = JsonSerializer.Deserialize<JsonElement>(line);
            return answer.ValueKind == JsonValueKind.Object
                ? answer : throw new FormatException("it is not a JSON object");
        }
        catch (JsonException e)
        {
            throw new FormatException("it is not JSON (which has no NaN and no Infinity: write null)", e);
        }
    }

    private static (string, Box, Box, int, bool, RewardDefinition?, string) Spaces(JsonElement answer)
    {
        (Box observations, Box actions) = (Space(answer, "observation"), Space(answer, "action"));
        string name = Member(answer, "name") is { ValueKind: JsonValueKind.String } text
            ? text.GetString()! : throw new FormatException("its name is not a string");
        int steps = Member(answer, "max_episode_steps") is { ValueKind: JsonValueKind.Number } number
            && number.TryGetInt32(out int count) ? count
            : throw new FormatException("its max_episode_steps is not a whole number");
        bool repeatable = !answer.TryGetProperty("repeatable", out _) || Flag(answer, "repeatable");
        RewardDefinition? reward = answer.TryGetProperty("reward", out JsonElement r)
            ? RewardOf(r, observations.Size, actions.Size) : null;
        return (name, observations, actions, steps, repeatable, reward, answer.GetRawText());
    }

    private static RewardDefinition RewardOf(JsonElement reward, int observations, int actions) => new(
        observations, actions, Member(reward, "terms").Deserialize<ImmutableArray<RewardTerm>>(Terms),
        reward.TryGetProperty("bounds", out JsonElement bounds)
            ? [.. Items(bounds, "bounds").Select(bound => new TerminationBound(
                Member(bound, "index").GetInt32(), Number(Member(bound, "low"), double.NegativeInfinity),
                Number(Member(bound, "high"), double.PositiveInfinity)))]
            : [],
        reward.TryGetProperty("termination_reward", out JsonElement last) ? Number(last, double.NaN) : 0);

    private static Box Space(JsonElement answer, string name)
    {
        JsonElement space = Member(answer, name);
        return new Box(Bounds("low", double.NegativeInfinity), Bounds("high", double.PositiveInfinity));

        IEnumerable<double> Bounds(string side, double infinite) =>
            Items(Member(space, side), $"{name}.{side}").Select(bound => Number(bound, infinite));
    }

    private double[] Observation(JsonElement answer)
    {
        JsonElement[] items = Items(Member(answer, "observation"), "observation");
        return items.Length == ObservationSpace.Size ? [.. items.Select(x => Number(x, double.NaN))]
            : throw new FormatException(
                $"its observation has {items.Length} numbers, and its space {ObservationSpace.Size}");
    }

    private static JsonElement[] Items(JsonElement list, string name) => list.ValueKind == JsonValueKind.Array
        ? [.. list.EnumerateArray()] : throw new FormatException($"its {name} is not a list of numbers");

    private static double Number(JsonElement number, double ofNull) => number.ValueKind switch
    {
        JsonValueKind.Number => number.GetDouble(),
        JsonValueKind.Null => ofNull,
        _ => throw new FormatException($"{Shortened(number.GetRawText())} is not a number"),
    };

    private static bool Flag(JsonElement answer, string name) => Member(answer, name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new FormatException($"its {name} is neither true nor false"),
    };

    private static JsonElement Member(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out JsonElement member)
            ? member : throw new FormatException($"it has no \"{name}\"");

    private EnvironmentException Failure(string problem, Exception cause) =>
        new($"the environment '{_command}' {problem}", cause)
        {
            ClosedByProgram = cause is EnvironmentException { ClosedByProgram: true },
        };

    private static string Shortened(string text) => Excerpt.Of(text, Shown);
}
