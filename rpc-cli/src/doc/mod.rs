//! A schema as one HTML file, which needs no network and no other file.

mod comment;
mod element;
mod html;
mod links;
mod message;
mod service;

use std::collections::BTreeMap;

use prost_reflect::{
    EnumDescriptor, ExtensionDescriptor, FileDescriptor, MessageDescriptor, ServiceDescriptor,
};

use crate::schema::{Element, Schema, enums, extensions, field_number, messages};

use html::Html;
use links::Links;

/// What is around the content.
const PAGE: &str = include_str!("../../templates/doc/page.html");
const STYLE: &str = include_str!("../../templates/doc/style.css");
const SCRIPT: &str = include_str!("../../templates/doc/search.js");

/// With more services, messages and enums than this the page shows one package at a time: browsers take
/// long to lay out more.
const MANY: usize = 2_000;

/// What one package has, each kind by name.
#[derive(Default)]
struct Package {
    files: Vec<FileDescriptor>,
    services: Vec<ServiceDescriptor>,
    messages: Vec<MessageDescriptor>,
    enums: Vec<EnumDescriptor>,
    extensions: Vec<ExtensionDescriptor>,
}

impl Package {
    /// How many sections it has.
    fn len(&self) -> usize {
        self.services.len() + self.messages.len() + self.enums.len()
    }
}

/// What pages are written with.
struct Writer<'a> {
    schema: &'a Schema,
    links: Links,
    html: Html,
}

/// The page about the files of `schema` that were asked for.
pub(crate) fn page(schema: &Schema, title: &str) -> String {
    let packages = packages(schema);
    let mut writer = Writer {
        schema,
        links: Links::new(&schema.files()),
        html: Html::default(),
    };
    for (name, package) in &packages {
        writer.package(name, package);
    }
    let content = writer.html.take();
    let is_large = packages.values().map(Package::len).sum::<usize>() > MANY;
    navigation(&mut writer.html, &packages);
    let navigation = writer.html.take();
    // The contents come last, so that nothing is replaced in them.
    let mut page = PAGE.to_owned();
    for (mark, text) in [
        ("{{title}}", html::escaped(title)),
        ("{{class}}", if is_large { "many" } else { "" }.to_owned()),
        ("{{style}}", STYLE.to_owned()),
        ("{{script}}", SCRIPT.to_owned()),
    ] {
        page = page.replace(mark, &text);
    }
    let (before, after) = page.split_once("{{navigation}}").unwrap_or((&page, ""));
    let (between, after) = after.split_once("{{content}}").unwrap_or((after, ""));
    [before, &navigation, between, &content, after].concat()
}

fn packages(schema: &Schema) -> BTreeMap<String, Package> {
    let mut packages: BTreeMap<String, Package> = BTreeMap::new();
    for file in schema.files() {
        let package = packages.entry(file.package_name().to_owned()).or_default();
        package.services.extend(file.services());
        package.messages.extend(messages(&file));
        package.enums.extend(enums(&file));
        package.extensions.extend(extensions(&file));
        package.files.push(file);
    }
    for package in packages.values_mut() {
        package
            .services
            .sort_by(|one, other| one.full_name().cmp(other.full_name()));
        package
            .messages
            .sort_by(|one, other| one.full_name().cmp(other.full_name()));
        package
            .enums
            .sort_by(|one, other| one.full_name().cmp(other.full_name()));
    }
    packages
}

/// What a package is called that has no name.
fn shown_package(name: &str) -> &str {
    if name.is_empty() {
        "(no package)"
    } else {
        name
    }
}

/// The list of all that has a section of its own.
fn navigation(html: &mut Html, packages: &BTreeMap<String, Package>) {
    for (name, package) in packages {
        html.raw("<details><summary>");
        html.link(&links::of_package(name), shown_package(name));
        html.raw("</summary><ul>\n");
        list(html, name, &package.services);
        list(html, name, &package.messages);
        list(html, name, &package.enums);
        html.raw("</ul></details>\n");
    }
}

fn list<E: Element>(html: &mut Html, package: &str, elements: &[E]) {
    for element in elements {
        html.raw("<li class=\"");
        html.raw(&E::KIND.replace(' ', "-"));
        html.raw("\">");
        html.link(
            element.full_name(),
            links::within(element.full_name(), package),
        );
        html.raw("</li>\n");
    }
}

impl Writer<'_> {
    fn package(&mut self, name: &str, package: &Package) {
        self.html
            .open("section", "package", &links::of_package(name));
        self.html.raw("<h2><span class=\"kind\">package</span> ");
        self.html.text(shown_package(name));
        self.html.raw("</h2>\n");
        for file in &package.files {
            let comments = self.schema.comments(file.name());
            let comment = comments.leading(&[field_number::FILE_PACKAGE]);
            self.comment(comment, name);
        }
        for service in &package.services {
            self.service(service, name);
        }
        for message in &package.messages {
            self.message(message, name);
        }
        for each in &package.enums {
            self.enumeration(each, name);
        }
        self.extensions(&package.extensions, name);
        self.html.raw("</section>\n");
    }
}
