using System.Xml.Linq;
using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Kernels.Settings;
using Naf.Sim.Control;
using Naf.Sim.Tasks.Definitions;

namespace Naf.Tests;

internal sealed class SettingsTests : FolderFixture
{
    private string MyFile => Folder["my.yaml"];

    [Test]
    public void A_later_value_wins()
    {
        TrainingSettings s = SettingsResolver.Resolve(
            [new("tau", "0.5", "task"), new("gamma", "0.9", "task"), new("tau", "0.25", "file"),
                new("tau", "0.125", "--set")]);
        Assert.That((s.Learner.Tau, s.Learner.Gamma), Is.EqualTo((0.125, 0.9)));
    }

    [Test]
    public void Every_setting_is_documented_by_its_meaning()
    {
        HashSet<string> summaries =
        [
            .. from type in (Type[])[typeof(Setting), typeof(LearnerSettings)]
               let documentation = XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml"))
               from summary in documentation.Descendants("summary")
               select string.Join(' ', summary.Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)),
        ];
        foreach (Setting setting in Setting.All)
        {
            string meaning = setting.Meaning.Replace($": {setting.Expected}", "");
            Assert.That(summaries, Has.Member($"{char.ToUpperInvariant(meaning[0])}{meaning[1..]}."), setting.Key);
        }
    }

    [Test]
    public void Every_setting_is_read_back_from_its_text()
    {
        // non-default values, so that a key bound to the wrong property is detected
        var other = new Dictionary<string, string>
        {
            ["algorithm"] = "ddpg", ["unstable_simulation"] = "drop", ["episodes"] = "7",
            ["seed"] = "18446744073709551615",
            ["learners"] = "3",
            ["batch_size"] = "31",
            ["gamma"] = "0.97", ["tau"] = "0.003", ["learning_rate"] = "0.0003",
            ["actor_learning_rate"] = "0.002", ["natural_gradient"] = "false", ["updates_per_step"] = "2",
            ["hidden"] = "[31, 17, 5]",
            ["normalisation"] = "layer", ["bound_values"] = "false", ["saturation_penalty"] = "0.5",
            ["reward_scale"] = "0.1", ["clip_norm"] = "1.5", ["huber"] = "0.02", ["replay_capacity"] = "443",
            ["warmup_steps"] = "101",
            ["log_diagonal_bound"] = "4", ["head_scale"] = "0.1", ["noise_theta"] = "0.2", ["noise_sigma"] = "0.4",
            ["noise_scale"] = "0.6", ["noise_least"] = "0.25", ["noise_final"] = "0.3",
            ["noise_decay_episodes"] = "50",
            ["noise_precision_after"] = "2000", ["n_step"] = "3",
            ["imagination"] = "network", ["refit_episodes"] = "4", ["imagined_steps"] = "7", ["imagined_starts"] = "33",
            ["imagined_updates"] = "11",
            ["imagined_noise"] = "0.4", ["imagined_sampled"] = "false", ["imagined_range"] = "0.7",
            ["imagined_clear"] = "false",
            ["imagined_capacity"] = "1001", ["imagined_from_replay"] = "true", ["imagined_shifted"] = "true",
            ["imagination_off_after"] = "31",
            ["imagination_patience"] = "9", ["imagination_error_limit"] = "1.25",
            ["dynamics_coordinates"] = "observation",
            ["dynamics_around"] = "episode", ["shared_trunk"] = "true", ["twin_values"] = "true",
            ["dynamics_prior"] = "gaussian", ["prior_strength"] = "2.5", ["prior_episodes"] = "13",
            ["dynamics_ridge"] = "0.001",
            ["network_updates"] = "501", ["initial_states"] = "6", ["plan"] = "mpc", ["plan_fraction"] = "0.75",
            ["ilqg_kl_step"] = "0.07", ["ilqg_entropy"] = "0.01", ["ilqg_least_noise"] = "0.2",
            ["ilqg_most_noise"] = "0.9",
            ["mpc_horizon"] = "0.8", ["mpc_iterations"] = "2", ["mpc_samples"] = "17",
            ["test_every"] = "3", ["test_episodes"] = "4", ["test_seed"] = "5", ["verification_episodes"] = "8",
            ["checkpoint_every"] = "6",
            ["answer_timeout"] = "31", ["device"] = "cpu", ["threads"] = "2", ["tensorboard"] = "true",
        };
        Assert.That(other.Keys, Is.EquivalentTo(Setting.Keys), "every key is tested");
        // two controls exclude each other, so do two kinds of networks, and NAF's are not DDPG's
        string[] alone = ["imagined_shifted", "algorithm", "twin_values"];
        TrainingSettings s = Resolve(key => !alone.Contains(key));
        foreach (Setting setting in Setting.All)
        {
            TrainingSettings read = alone.Contains(setting.Key) ? Resolve(key => key == setting.Key) : s;
            Assert.That(setting.Show(read), Is.EqualTo(other[setting.Key]), setting.Key);
        }

        TrainingSettings Resolve(Func<string, bool> chosen) =>
            SettingsResolver.Resolve(other.Where(pair => chosen(pair.Key))
                .Select(pair => new GivenValue(pair.Key, pair.Value, "test")));
    }

    [TestCase("learnig_rate", "1e-3", "there is no setting 'learnig_rate' (did you mean learning_rate?)")]
    [TestCase("batch_norm", "false", "there is no batch_norm any more; write normalisation, with none for false and")]
    [TestCase("zzzzzzzzzzzzz", "1", "there is no setting 'zzzzzzzzzzzzz'; naf train --help all lists them")]
    [TestCase("tau", "0", "tau = '0' is not a number in (0, 1]")]
    [TestCase("tau", "NaN", "is not a number in (0, 1]")]
    [TestCase("gamma", "1.5", "gamma = '1.5' is not a number in [0, 1]")]
    [TestCase("episodes", "2.5", "episodes = '2.5' is not a whole number from 1 to")]
    [TestCase("hidden", "200 -1", "is not one to four sizes from 1 to 4096, such as [200, 200]")]
    [TestCase("shared_trunk", "maybe", "is not true or false")]
    [TestCase("normalisation", "maybe", "is not none, batch or layer")]
    [TestCase("algorithm", "td3", "'td3' is not naf")]
    [TestCase("replay_capacity", "10", "replay_capacity = 10 is less than batch_size = 64")]
    [TestCase("imagined_capacity", "63",
        "imagined_capacity = 63 is less than batch_size = 64: nothing would be learned from it")]
    [TestCase("noise_final", "0.2", "noise_final = 0.2 is reached after noise_decay_episodes, which is 0; set it")]
    [TestCase("ilqg_least_noise", "2", "ilqg_most_noise = 1 is less than ilqg_least_noise = 2; raise it")]
    public void A_wrong_value_is_refused_with_what_was_expected(string key, string value, string message)
    {
        var error = Assert.Throws<UserException>(() => SettingsResolver.Resolve([new GivenValue(key, value, "--set")]));
        Assert.That(error!.Message, Does.Contain(message));
    }

    [Test]
    public void Twin_values_are_refused_with_a_shared_trunk()
    {
        GivenValue[] both = [new("twin_values", "true", "--set"), new("shared_trunk", "true", "--set")];
        Assert.That(() => SettingsResolver.Resolve(both),
            Throws.TypeOf<UserException>().With.Message.Contains("set twin_values=false or shared_trunk=false"));
    }

    [Test]
    public void The_remedy_helps_where_the_task_has_twin_values()
    {
        string twin = TinyRun.CliError(1, "train", "reacher", "--set", "shared_trunk=true");
        Assert.That(twin, Does.Contain("set twin_values=false"));
        using ControlTask task = ControlTask.Load("reacher");
        GivenValue[] given = [new("shared_trunk", "true", "--set"), new("twin_values", "false", "--set")];
        Assert.That(SettingsResolver.Resolve(
            SettingsResolver.OfTask(task, s => SettingsResolver.Apply(s, given))).Learner.SharedTrunk, Is.True);
    }

    [Test]
    public void Sections_of_a_tasks_training_settings_are_for_one_algorithm()
    {
        using var scratch = new ScratchFolder();
        using ControlTask task = ControlTask.Load(scratch.Changed(
            "swimmer6", "tau: 0.01", "ddpg: {tau: 0.5, huber: 1}\n  naf: {twin_values: true}\n  tau: 0.2"));
        LearnerSettings naf = SettingsResolver.OfTask(task, s => s).Learner,
            ddpg = SettingsResolver.OfTask(task, s => s with { Algorithm = LearningAlgorithm.Ddpg }).Learner;
        Assert.That((naf.Tau, naf.TwinValues, naf.Huber), Is.EqualTo((0.2, true, 0.0)));
        Assert.That((ddpg.Tau, ddpg.TwinValues, ddpg.Huber), Is.EqualTo((0.5, false, 1.0)));
    }

    [Test]
    public void Every_algorithm_may_have_a_section_in_a_tasks_training_settings() =>
        Assert.That(TrainingDefaults.Algorithms,
            Is.EqualTo(Enum.GetNames<LearningAlgorithm>().Select(name => name.ToLowerInvariant())));

    [TestCase("1e6", 1_000_000)]
    [TestCase("1_000_000", 1_000_000)]
    public void Whole_numbers_may_be_written_short(string text, int value) =>
        Assert.That(SettingsResolver.Resolve([new GivenValue("replay_capacity", text, "--set")]).Learner.ReplayCapacity,
            Is.EqualTo(value));

    [Test]
    public void Set_needs_an_equals_sign() =>
        Assert.That(() => SettingsResolver.Split("tau"),
            Throws.TypeOf<UserException>().With.Message.Contains("expected KEY=VALUE"));

    [Test]
    public void A_file_says_the_line_of_an_error()
    {
        IReadOnlyList<GivenValue> values = Read("tau: 0.003\n# note\nhidden: [31, 17]\ngama: 0.9\n");
        Assert.That(values.Select(v => (v.Key, v.Value)),
            Is.EqualTo(new[] { ("tau", "0.003"), ("hidden", "[31, 17]"), ("gama", "0.9") }));
        Assert.That(() => SettingsResolver.Resolve(values),
            Throws.TypeOf<UserException>()
                .With.Message.EqualTo($"{MyFile} line 4: there is no setting 'gama' (did you mean gamma?); "
                    + "naf train --help all lists them"));
    }

    [TestCase("tau: {a: 1}\n", "line 1: expected a single value or a list for tau")]
    [TestCase("- tau\n", "line 1: expected KEY: VALUE lines")]
    [TestCase("tau: [1\n", "not YAML")]
    [TestCase("tau: [1\ngamma: 1\n", "not YAML: expected a closing ] or } hereabouts; correct the YAML there")]
    public void A_malformed_file_is_refused_with_its_line(string text, string message) =>
        Assert.That(() => Read(text), Throws.TypeOf<UserException>().With.Message.Contains(message));

    [TestCase("")]
    [TestCase("# nothing\n")]
    public void An_empty_file_changes_nothing(string text) => Assert.That(Read(text), Is.Empty);

    // NAF_UPDATE_DOCS=1 ./test --filter Name~The_page_of_settings rewrites it
    [Test]
    public void The_page_of_settings_is_that_of_the_properties()
    {
        string path = Path.Combine(Repository.Root, "docs", "settings.md");
        var page = new StringBuilder("""
            # Settings

            Every setting of `naf train`: a line `key: value` of a task's section `training`, of `--config`, or
            `--set key=value`; later ones win, in this order. The resolved settings of a run are in its `config.yaml`.
            This page is made from the properties of [`TrainingSettings`](../Naf.Host/Settings/TrainingSettings.cs) and
            the records within it; bold ones are those that most users set.

            | key | default | range | meaning | source of the default, remarks |
            |---|---|---|---|---|

            """);
        foreach (Setting s in Setting.All)
        {
            string key = s.IsBasic ? $"**`{s.Key}`**" : $"`{s.Key}`", source = s.Source.Replace("|", "\\|");
            string meaning = s.Meaning.Replace("|", "\\|");
            page.Append($"| {key} | {s.Show(new TrainingSettings())} | {s.Expected} | {meaning} | {source} |\n");
        }
        if (Environment.GetEnvironmentVariable("NAF_UPDATE_DOCS") == "1") File.WriteAllText(path, page.ToString());
        Assert.That(File.ReadAllText(path), Is.EqualTo(page.ToString()));
    }

    private IReadOnlyList<GivenValue> Read(string text)
    {
        File.WriteAllText(MyFile, text);
        return SettingsFile.Read(MyFile);
    }
}
