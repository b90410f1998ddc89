using Naf.Kernels.Observation;
using Naf.Kernels.Reward;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Definitions;
using Naf.Sim.Tasks.Sections;
using Naf.Sim.Tasks.Yaml;

namespace Naf.Sim.Tasks;

/// <summary>
/// A task file (.yaml): its heading is read first, the rest once the model is loaded. docs/tasks.md describes the
/// format.
/// </summary>
internal sealed class TaskFile
{
    private static readonly string[] Keys =
    [
        "name", "description", "model", "substeps", "horizon",
        "constants", "reset", "actions", "observation", "signals", "reward", "termination", "measures", "success",
        "training", "picture",
    ];

    private readonly YamlMap _root;
    private readonly string? _models;
    private readonly int _substeps, _horizon;

    private TaskFile(string path, YamlMap root, string? models)
    {
        (_root, _models) = (root, models);
        Path = path;
        Name = NameIn(root.Required("name"));
        Suite = TaskSuite.Of(path);
        if (models is not null && Suite is null)
            throw new ArgumentException($"{Name} has a model of its own; leave 'models' out", nameof(models));
        Description = root.Required("description").Text();
        YamlCursor model = root.Required("model");
        (ModelText, ModelAt) = (model.Text(), model.Place);
        _substeps = root.Required("substeps").Whole(1);
        _horizon = root.Required("horizon").Whole(1);
    }

    /// <summary>The file's path as the user gave it.</summary>
    public string Path { get; }

    /// <summary>The task's name: letters, digits, - _ . only, so that a folder can be named after it.</summary>
    public string Name { get; }

    public string Description { get; }

    /// <summary>The suite that it is a task of; null if it has a model of its own.</summary>
    public TaskSuite? Suite { get; }

    /// <summary>
    /// The folder that the model's path is relative to: the file's own, or that of its suite's models.
    /// </summary>
    /// <exception cref="FileNotFoundException">The suite's models are missing.</exception>
    public string ModelFolder => Suite?.FolderOf(_models, Name, ModelText)
        ?? System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;

    /// <summary>Full path of the MJCF model.</summary>
    /// <exception cref="TaskFormatException">There is no such file.</exception>
    /// <exception cref="FileNotFoundException">The suite's models are missing.</exception>
    public string ModelPath
    {
        get
        {
            string path = System.IO.Path.GetFullPath(ModelText, ModelFolder);
            return File.Exists(path) ? path : throw _root.Required("model").Error(
                $"there is no model file '{ModelText}' beside the task file (looked for {path})");
        }
    }

    /// <summary>The model's path as the file gives it.</summary>
    public string ModelText { get; }

    /// <summary>Where the file's text has it.</summary>
    public (int Start, int Length) ModelAt { get; }

    /// <summary>Reads the heading of a file and checks the names of its sections.</summary>
    /// <param name="models">The folder of a suite's models; null for what the environment says.</param>
    /// <exception cref="TaskFormatException">Malformed; the message has file, line and what was expected.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ArgumentException">Models were given, and the task has a model of its own.</exception>
    public static TaskFile Read(string path, string? models = null) =>
        new(path, YamlCursor.Open(path).Map(Keys), models);

    /// <summary>Reads the sections, which refer to names of the model.</summary>
    /// <exception cref="TaskFormatException">A section is malformed or has an unknown name.</exception>
    public TaskDefinition Bind(MujocoModel model)
    {
        IReadOnlyList<string> actuators = model.ActuatorNames;
        if (actuators.Count == 0)
            throw _root.Required("model").Error("the model has no actuators; a task needs at least one");
        var places = new PlaceNames(model.KinematicTree, _root["constants"]);
        places.Mocaps = ResetSection.Mocaps(_root["reset"], model, places.Constants);
        var observation = new ObservationSection(_root.Required("observation"), places, model);
        ObservationDefinition? signals = Signals(_root["signals"], places, model, observation.Definition);
        var names = new SignalNames(observation.Definition, signals, actuators);
        (RewardDefinition reward, StepRewardDefinition? ofStep) = RewardSection.Read(
            _root.Required("reward"), _root["termination"], names, observation.Definition.Size, actuators.Count);
        ImmutableArray<MeasureDefinition> measures = MeasureSection.Measures(_root["measures"], names, _horizon);
        return new TaskDefinition(
            Name, _substeps, _horizon, observation.Definition, observation.InputScale, observation.Transforms, reward,
            ofStep,
            ResetSection.Read(_root["reset"], model, places.Mocaps, places.Constants),
            ActionSection.Read(_root["actions"], model),
            measures, MeasureSection.Success(_root["success"], measures), new TrainingDefaults(_root["training"]),
            PictureSection.Read(_root["picture"], places, model.CameraNames, observation.Definition.Entries));
    }

    // entries that only rewards and terminations read
    private static ObservationDefinition? Signals(
        YamlCursor? section, PlaceNames places, MujocoModel model, ObservationDefinition observation)
    {
        if (section is null) return null;
        var signals = new ObservationSection(section, places, model);
        if (signals.InputScale.Any(scale => scale != 1))
            throw section.Error("'input_scale' has no meaning in 'signals', which no network sees");
        if (!signals.Transforms.IsEmpty)
            throw section.Error("'clip' and 'log1p' have no meaning in 'signals', which no network sees");
        foreach (string name in signals.Definition.ComponentNames)
            if (observation.ComponentNames.Contains(name))
                throw section.Error($"'signals' has '{name}', which 'observation' has too; rename one of them");
        return signals.Definition;
    }

    // run folders are named after the task: no separator, no "..", nothing hidden
    private static string NameIn(YamlCursor cursor)
    {
        string name = cursor.Text();
        return name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
            ? name
            : throw cursor.Error($"'name' expects letters, digits, - _ . only, the first not a dot, not {cursor.Kind}");
    }
}
