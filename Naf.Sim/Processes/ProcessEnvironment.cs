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
    private readonly CancellationToken _stop;
    private readonly Action<string>? _tell;
    private readonly LineProcess _process;
    private readonly bool _isParent;
    private int _steps;
    private bool _inEpisode;

    /// <summary>Starts the command and reads its spaces.</summary>
    /// <param name="command">For /bin/sh, or <see cref="Parent"/>.</param>
    /// <param name="timeout">Within which a command gives each answer; the program that started naf may pause.</param>
    /// <param name="stop">Ends a wait without a limit.</param>
    /// <param name="tell">Receives a sentence when the environment pauses.</param>
    /// <exception cref="EnvironmentException">It does not answer as it should.</exception>
    public ProcessEnvironment(
        string command, TimeSpan timeout, CancellationToken stop = default, Action<string>? tell = null)
    {
        (_isParent, _stop, _tell) = (command == Parent, stop, tell);
        (_command, _timeout) = (Shortened(command), _isParent ? Timeout.InfiniteTimeSpan : timeout);
        try
        {
            _process = _isParent ? OfParent.Value : LineProcess.Start(command);
        }
        catch (EnvironmentException e)
        {
            throw Failure(e.Message, e);
        }
        try
        {
            JsonElement hello = Ask("hello", $"{{\"hello\": {Protocol}}}", answer => answer);
            (Name, ObservationSpace, ActionSpace, MaxEpisodeSteps, IsRepeatable, Reward, Hello) = Read(Spaces);
            (MaxActionChange, SafeAction, TimeSpan? own) = Read(Limits);
            IsRepeatable &= !_isParent;
            _timeout = own ?? _timeout;

            T Read<T>(Func<JsonElement, T> part) => Understood("hello", hello.GetRawText(), () => part(hello));
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
    public IReadOnlyList<double>? MaxActionChange { get; }

    /// <inheritdoc/>
    public IReadOnlyList<double>? SafeAction { get; }

    /// <inheritdoc/>
    public double[] Reset(ulong seed)
    {
        (_steps, _inEpisode) = (0, true);
        // 32 bits: the random generators of every language take them
        double[] first = Ask("reset", $"{{\"reset\": {(uint)seed}}}", Observation);
        LeaveUnlessFinite(first);
        return first;
    }

    /// <inheritdoc/>
    public EnvironmentStep Step(ReadOnlySpan<double> action)
    {
        EnvironmentStep step = Ask(
            $"step {++_steps} of the episode", ActionMessage("step", action), answer => new EnvironmentStep(
                Observation(answer), Number(Member(answer, "reward"), double.NaN), Flag(answer, "terminated"),
                Flag(answer, "truncated")));
        _inEpisode = !(step.Terminated || step.Truncated || _steps == MaxEpisodeSteps);
        LeaveUnlessFinite([.. step.Observation, step.Reward]);
        return step;
    }

    /// <summary>Leaves a machine at its safe action, if it states one, where an episode is not finished.</summary>
    public void Dispose() => _process.Close("{\"close\": true}", TakeStop());

    // such numbers end the episode here; the program that started naf knows that it gave them
    private void LeaveUnlessFinite(double[] numbers)
    {
        if (!_isParent && !numbers.All(x => float.IsFinite((float)x)) && TakeStop() is { } stop) _process.Tell(stop);
    }

    // null: there is no episode to leave, or no safe action
    private string? TakeStop()
    {
        string? stop = _inEpisode && SafeAction is not null ? ActionMessage("stop", [.. SafeAction]) : null;
        _inEpisode = false;
        return stop;
    }

    private static string ActionMessage(string name, ReadOnlySpan<double> action)
    {
        var message = new StringBuilder($"{{\"{name}\": [");
        for (int i = 0; i < action.Length; i++)
            message.Append(CultureInfo.InvariantCulture, $"{(i > 0 ? ", " : "")}{action[i]:R}");
        return message.Append("]}").ToString();
    }

    // the next answer that is neither {"busy": TEXT}, which only shows that the process is alive, nor {"pause": TEXT}
    private T Ask<T>(string what, string request, Func<JsonElement, T> read)
    {
        string? send = request, busy = null, told = null;
        TimeSpan timeout = _timeout;
        try
        {
            while (true)
            {
                string line = _process.Exchange(send, timeout, _stop);
                JsonElement answer = Understood(what, line, () => Parsed(line));
                if (answer.TryGetProperty("abort", out JsonElement cause))
                    throw new EnvironmentException($"aborted ('{Shortened(cause.ToString())}')")
                    {
                        End = EnvironmentEnd.Aborted,
                    };
                bool paused = answer.TryGetProperty("pause", out JsonElement reason);
                if (!paused && !answer.TryGetProperty("busy", out reason))
                    return Understood(what, line, () => read(answer));
                (send, busy) = (null, reason.ToString());
                if (paused && told != busy) _tell?.Invoke($"the environment '{_command}' pauses: {Shortened(busy)}");
                if (paused) told = busy;
                timeout = paused ? Timeout.InfiniteTimeSpan : _timeout;
            }
        }
        catch (EnvironmentException e) when (e.InnerException is not FormatException)
        {
            string remedy = e.End switch
            {
                EnvironmentEnd.Failed => "; its standard error may have the reason",
                EnvironmentEnd.TimedOut =>
                    $"{(busy is null ? "" : $" (it was last busy with '{Shortened(busy)}')")}; raise answer_timeout, "
                    + "or have it write {\"busy\": \"WHY\"} meanwhile",
                _ => "",
            };
            throw Failure($"{e.Message} when asked for {what}{remedy}", e);
        }
    }

    private T Understood<T>(string what, string line, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException
            or InvalidOperationException or NotSupportedException)
        {
            string remedy = e.InnerException is JsonException ? "have it write one JSON object per line, and anything "
                + "else to standard error" : "correct that (docs/environments.md has the messages)";
            throw Failure($"answered {what} by '{Shortened(line)}', but {e.Message.TrimEnd('.')}; {remedy}",
                new FormatException(e.Message, e));
        }
    }

    private static JsonElement Parsed(string line)
    {
        try
        {
            JsonElement answer = JsonSerializer.Deserialize<JsonElement>(line);
            return answer.ValueKind == JsonValueKind.Object
                ? answer : throw new JsonException();
        }
        catch (JsonException e)
        {
            throw new FormatException(e.InnerException is null ? "it is not a JSON object"
                : "it is not JSON (which has no NaN and no Infinity: write null)", e);
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

    // the members that a machine may add: limits and a time of its own
    private static (double[]? MaxChange, double[]? Safe, TimeSpan? Timeout) Limits(JsonElement answer)
    {
        JsonElement action = Member(answer, "action");
        return (Numbers("max_change", double.PositiveInfinity), Numbers("safe", double.NaN),
            !answer.TryGetProperty("answer_timeout", out JsonElement seconds) ? null
            : Number(seconds, double.NaN) is var s && s is > 0 and <= 1e6 ? TimeSpan.FromSeconds(s)
            : throw new FormatException("its answer_timeout is not a number of seconds above 0"));

        double[]? Numbers(string name, double ofNull) => !action.TryGetProperty(name, out JsonElement list) ? null
            : [.. Items(list, $"action.{name}").Select(number => Number(number, ofNull))];
    }

    private static RewardDefinition RewardOf(JsonElement reward, int observations, int actions) => new(
        observations, actions, [.. Items(Member(reward, "terms"), "reward.terms").Select(Term)],
        reward.TryGetProperty("bounds", out JsonElement bounds)
            ? [.. Items(bounds, "bounds").Select(bound => new TerminationBound(
                Member(bound, "index").GetInt32(), Number(Member(bound, "low"), double.NegativeInfinity),
                Number(Member(bound, "high"), double.PositiveInfinity)))]
            : [],
        reward.TryGetProperty("termination_reward", out JsonElement last) ? Number(last, double.NaN) : 0);

    private static RewardTerm Term(JsonElement term, int number)
    {
        foreach (string name in (string[])["kind", "index", "centre", "scale"])
            if (term.ValueKind != JsonValueKind.Object || !term.TryGetProperty(name, out _))
                throw new FormatException($"term {number} of its reward has no \"{name}\"");
        string[] kinds = [.. Enum.GetNames<RewardKind>().Select(Terms.PropertyNamingPolicy!.ConvertName)];
        if (Member(term, "kind") is var kind
            && !(kind.ValueKind == JsonValueKind.String && kinds.Contains(kind.GetString())))
            throw new FormatException($"the kind of term {number} of its reward is {Shortened(kind.GetRawText())}, and "
                + $"there are {string.Join(", ", kinds)}");
        try
        {
            return term.Deserialize<RewardTerm>(Terms)!;
        }
        catch (JsonException e)
        {
            // such as $.index[0]
            throw new FormatException($"term {number} of its reward has an unknown or malformed member: "
                + (e.Path ?? "").TrimStart('$', '.'), new ArgumentException(e.Message, e));
        }
    }

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
            End = (cause as EnvironmentException)?.End ?? EnvironmentEnd.Failed,
        };

    private static string Shortened(string text) => Excerpt.Of(text, Shown);
}
