using Naf.Host.Agents;
using Naf.Host.Pictures;
using Naf.Host.Settings;
using Naf.Host.Trajectories;
using Naf.Sim.Control;
using Naf.Sim.Rendering;

namespace Naf.Host.TensorBoard;

/// <summary>
/// A run's TensorBoard event files, in tensorboard/seed-S for each learner: the columns of metrics.csv as scalars over
/// episodes, the settings as hyperparameters, and at tests the eigenvalues of P and a picture. What can't be written or
/// drawn is left out with one warning; training goes on.
/// </summary>
internal sealed class TrainingEvents : IDisposable
{
    /// <summary>The folder in a run's folder.</summary>
    public const string Folder = "tensorboard";

    private const int Width = 320, Height = 240;

    // neighbouring ends of buckets differ by this factor, as in TensorFlow's own histograms
    private const double BucketFactor = 1.1, LeastLimit = 1e-12;

    // columns that say which row it is
    private static readonly string[] Keys = ["episode", "learner", "seed"];

    private readonly IControlTask _task;
    private readonly TrainingSettings _settings;
    private readonly string[] _columns;
    private readonly string _run;
    private readonly EventFile[] _files;
    private readonly bool[] _isNew;
    private readonly Action<string> _warn;
    private LastStatePictures? _pictures;
    private bool _cannotWrite, _cannotDraw;

    /// <param name="run">The run's folder.</param>
    /// <param name="columns">The columns of metrics.csv.</param>
    /// <param name="next">[learners], the episode of each learner's next row.</param>
    public TrainingEvents(
        string run, IControlTask task, TrainingSettings settings, string[] columns, IReadOnlyList<int> next,
        Action<string> warn)
    {
        (_run, _task, _settings, _columns, _warn) = (Path.GetFullPath(run), task, settings, columns, warn);
        string[] folders =
            [.. next.Select((_, k) => Path.Combine(run, Folder, $"seed-{settings.SeedOf(k)}"))];
        _isNew = [.. folders.Select(folder => EventFile.CountIn(folder) == 0)];
        _files = [.. folders.Select((folder, k) => new EventFile(folder, _isNew[k] ? 0 : next[k]))];
    }

    /// <summary>Adds the scalars of the rows so far for learners that have no events yet.</summary>
    /// <param name="rows">Those of metrics.csv.</param>
    public void AddMissing(IEnumerable<IReadOnlyDictionary<string, string>> rows)
    {
        foreach (var of in rows.GroupBy(row => int.Parse(row["learner"], CultureInfo.InvariantCulture)))
            if (_isNew[of.Key])
                Append(of.Key, of.Select(row => EventOf(
                    long.Parse(row["episode"], CultureInfo.InvariantCulture),
                    Scalars([.. _columns.Select(column => row.GetValueOrDefault(column))]))));
        Array.Clear(_isNew);
    }

    /// <summary>Adds an episode.</summary>
    /// <param name="row">Its row of metrics.csv.</param>
    public void Add(EpisodeResult result, object?[] row)
    {
        IEnumerable<SummaryValue> values = Scalars(row);
        if (result.TestRecord is { } record)
        {
            if (HistogramOf(record.Eigenvalues()) is { } histogram)
                values = values.Append(new SummaryValue("eigenvalues_of_P", Histo: histogram));
            if (record.Episode is { } episode && Draw(episode) is { } picture)
                values = values.Append(new SummaryValue("test_episode", Image: picture));
        }
        Append(result.Learner, [EventOf(result.Episode, values)]);
    }

    /// <inheritdoc/>
    public void Dispose() => _pictures?.Dispose();

    private static Event EventOf(long step, IEnumerable<SummaryValue> values) =>
        new(EventFile.Now, step, Summary: new Summary([.. values]));

    // what was not measured is empty, and no number; nor is the reason why a learner stopped
    private IEnumerable<SummaryValue> Scalars(IReadOnlyList<object?> row)
    {
        foreach ((int i, string column) in _columns.Index())
            if (!Keys.Contains(column) && double.TryParse(
                Convert.ToString(row[i], CultureInfo.InvariantCulture), CultureInfo.InvariantCulture, out double value))
                yield return new SummaryValue(column, SimpleValue: (float)value);
    }

    private void Append(int learner, IEnumerable<Event> events)
    {
        if (_cannotWrite) return;
        try
        {
            _files[learner].Append(events, () => Hyperparameters(learner));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _cannotWrite = true;
            _warn($"the run goes on without events for TensorBoard: {e.Message.TrimEnd('.')}; put that right, delete "
                + $"{Path.Combine(_run, Folder)}, and resume the run");
        }
    }

    // the learners of a run are one group, which TensorBoard shows as repetitions
    private Event Hyperparameters(int learner)
    {
        (string Name, string Description, HParamValue Value)[] all =
        [
            ("task", "the task", ValueOf(_task.Name)),
            .. Setting.All.Select(s => (s.Key, s.Meaning,
                ValueOf(s.Key == "seed" ? $"{_settings.SeedOf(learner)}" : s.Show(_settings)))),
        ];
        var experiment = new Experiment(
            [.. all.Select(p => new HParamInfo(p.Name, p.Description,
                p.Value.NumberValue is not null ? 3 : p.Value.BoolValue is not null ? 2 : 1))],
            [new MetricInfo(new MetricName("test_score"))]);
        var start = new SessionStartInfo(all.ToDictionary(p => p.Name, p => p.Value), _run, EventFile.Now);
        return EventOf(0,
        [
            OfPlugin("_hparams_/experiment", new HParamsPluginData(Experiment: experiment)),
            OfPlugin("_hparams_/session_start_info", new HParamsPluginData(SessionStartInfo: start)),
        ]);

        static SummaryValue OfPlugin(string tag, HParamsPluginData data) =>
            new(tag, Metadata: new SummaryMetadata(new PluginData("hparams", data)));
    }

    private static HParamValue ValueOf(string text) =>
        bool.TryParse(text, out bool flag) ? new HParamValue(BoolValue: flag)
        : double.TryParse(text, CultureInfo.InvariantCulture, out double number)
            ? new HParamValue(NumberValue: number) : new HParamValue(StringValue: text);

    // null if there is no finite value
    private static HistogramProto? HistogramOf(IEnumerable<double> values)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        if (finite.Length == 0) return null;
        int[] at = [.. finite.Select(v =>
            (int)Math.Ceiling(Math.Log(Math.Max(v, LeastLimit)) / Math.Log(BucketFactor)))];
        int first = at.Min();
        double[] counts = new double[at.Max() - first + 1];
        foreach (int bucket in at) counts[bucket - first]++;
        return new HistogramProto(
            finite.Min(), finite.Max(), finite.Length, finite.Sum(), finite.Sum(v => v * v),
            [.. counts.Select((_, i) => Math.Pow(BucketFactor, first + i))], counts);
    }

    // the last state, with the path that led there
    private SummaryImage? Draw(Trajectory episode)
    {
        if (_cannotDraw) return null;
        try
        {
            _pictures ??= new LastStatePictures((ControlTask)_task, Width, Height);
            return new SummaryImage(Height, Width, Colorspace: 3, _pictures.Draw(episode));
        }
        catch (RenderingException e)
        {
            _cannotDraw = true;
            _warn($"the events for TensorBoard have no pictures: {e.Message}");
            return null;
        }
    }
}
